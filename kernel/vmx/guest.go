package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/tag"
	"tuco/kernel/x86"
)

// Guest is the VT-x container of one vCPU: a VMCS, and what VT-x leaves to
// software. The seam in package container says what its methods promise.
//
// Of the guest's registers only what the entry code moves at each exit is
// kept here; everything else is read from and written to the VMCS, which is
// the current one of the CPU that has the guest loaded.
type Guest struct {
	// The entry code knows these.
	rip    uint64 // [both] written back at each entry
	cr2    uint64 // [both] the VMCS has no place for it
	reason uint64 // [exit] exit reason, or entryRefused
	shadow uint64 // [exit] interruptibility state
	//lint:ignore U1000 run_amd64.s uses it
	hostRSP  uint64 // [entry] what the VMCS has for the host
	launched bool   // [exit] an entry has worked since the last VMCLEAR
	pending  bool   // [exit] event waits for the next entry, which takes it

	vmcs frame.MAddr
	cpu  *CPU // that has the guest loaded, or nil
	host *CPU // whose state is in the VMCS

	setup exit.Setup
	fresh bool // nothing is in the VMCS yet

	proc  uint32 // primary processor-based controls
	entry uint32 // VM-entry controls

	tags  tag.Holder
	space exit.Space
	vpid  uint32 // what the VMCS has

	event exit.Event

	cr0, cr4 register
	cr8      uint64
	dr6      uint64
	syscall  exit.Syscall
	kernelGS uint64 // SWAPGS changes it with no exit
}

// Init prepares the guest for its first Load.
func (g *Guest) Init(s *exit.Setup) {
	*g = Guest{vmcs: s.Control.Addr(), setup: *s, fresh: true, dr6: x86.DR6Ones}
	clear(layout.Bytes(g.vmcs, frame.PageSize))
	*regionHeader(g.vmcs) = caps.revision()
	g.cr0, g.cr4 = cr0Policy(s, &caps), cr4Policy(s, &caps)
}

// Load makes the guest's VMCS the current one of this CPU.
func (g *Guest) Load(cpu int) {
	c := &cpus[cpu]
	if g.fresh {
		must(vmclear(g.vmcs), "VMCLEAR")
	}
	must(vmptrld(g.vmcs), "VMPTRLD")
	g.cpu, c.current = c, g
	if g.fresh {
		g.configure()
		g.fresh = false
	}
	if g.host != c {
		g.host = c
		c.host.write()
	}
	if g.tags.Attach(&c.tags) && g.setup.Paging == exit.Nested {
		flushEPT(eptPointer(g.setup.Root))
	}
	g.retag()
	c.loadSyscall(&g.syscall)
	x86.WRMSR(x86.MSRKernelGSBase, g.kernelGS)
}

// Unload writes the VMCS back to memory, so that another CPU may load it.
// VMCLEAR is the only way, and the next entry is a VMLAUNCH then.
func (g *Guest) Unload() {
	g.kernelGS = x86.RDMSR(x86.MSRKernelGSBase)
	must(vmclear(g.vmcs), "VMCLEAR")
	g.launched = false
	g.cpu.current, g.cpu = nil, nil
}

// SetTSCOffset makes the guest's time stamp counter the host's plus offset.
func (g *Guest) SetTSCOffset(offset uint64) { put(CtlTSCOffset, offset) }

// SetWindow asks for an exit as soon as the guest can take an interrupt.
func (g *Guest) SetWindow(on bool) {
	proc := g.proc &^ procInterruptWindow
	if on {
		proc |= procInterruptWindow
	}
	if proc != g.proc {
		g.proc = proc
		put(CtlProc, uint64(proc))
	}
}
