package main

import (
	"tuco/guestlib/hyper"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// instructions is what the hypervisor makes in the guest's place.
func instructions() ([]row, error) {
	port := probed("pv outb 0x80 emul", 1, func() { setIOPL(1) }, probe.WritePort)
	port.after = func() { setIOPL(0) }
	return []row{
		probed("pv cpuid (forced emul)", 1, nil, probe.ForcedCPUID),
		probed("pv rdmsr emul EFER", 1, nil, probe.ReadEFER),
		probed("pv read_cr3 emul", 1, nil, probe.ReadCR3),
		port,
	}, nil
}

// setIOPL lets the guest's kernel use ports, at level 1, or not.
func setIOPL(level uint32) {
	_, _, err := hyper.Op("set the I/O privilege level", hypercall.HYPERVISOR_physdev_op, hypercall.PHYSDEVOP_set_iopl, hypercall.PhysdevSetIOPL{IOPL: level})
	if err != nil {
		check(hypercall.EPERM)
	}
}

// traps is entries into the guest's kernel, and the ways back.
func traps() ([]row, error) {
	if err := giveUserRoot(); err != nil {
		return nil, err
	}
	return []row{
		probed("int3 trap bounce + iret hypercall", 1, nil, probe.Breakpoint),
		probed("ud2 trap bounce + iret hypercall", 1, nil, probe.Invalid),
		probed("page fault (write NULL) bounce + iret", 1, nil, probe.PageFault),
		probed("user syscall -> guest kernel -> iret hypercall -> user", 1, nil, probe.UserCall),
		probed("user int80 -> guest kernel -> iret hypercall -> user", 1, nil, probe.UserInterrupt),
	}, nil
}
