package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/tag"
	"tuco/kernel/x86"
)

// Guest is one vCPU's control block and what belongs to it.
type Guest struct {
	vmcb    *vmcb
	machine frame.MAddr // where the control block is
	host    frame.MAddr // the host page of the CPU that has the guest loaded
	cpu     *cpu        // that CPU
	last    *cpu        // the CPU where the guest ran last: only there clean bits mean anything
	tags    tag.Holder
	space   exit.Space
}

// Init clears the control block and confines the guest.
func (g *Guest) Init(s *exit.Setup) {
	*g = Guest{
		vmcb:    (*vmcb)(layout.Pointer(layout.Direct(s.Control.Addr()))),
		machine: s.Control.Addr(),
	}
	v := g.vmcb
	*v = vmcb{}
	c := &v.control
	c.readCR, c.writeCR = s.CRRead, s.CRWrite
	c.readDR, c.writeDR = mostRegisters, mostRegisters
	c.exceptions = s.Exceptions | 1<<x86.VectorMC
	c.intercepts = intercepts(s)
	c.ioBitmap, c.msrBitmap = uint64(ioBitmap), uint64(msrBitmap)
	c.virtualInterrupt = vIntrMasking
	if s.Paging == exit.Nested {
		c.nested = nestedEnable
		c.nestedCR3 = uint64(s.Root)
	} else if !s.FreeCR3 {
		c.writeCR |= 1 << 3
	}
	v.save.pat = defaultPAT
	v.save.dr6, v.save.dr7 = x86.DR6Ones, x86.DR7Ones
	g.SetEFER(0)
	g.SetRFLAGS(0)
}

// intercepts is what the guest is left for beside accesses of registers, and
// exceptions.
func intercepts(s *exit.Setup) (w [3]uint32) {
	w[0] = interceptINTR | interceptNMI | interceptINIT | interceptCPUID | interceptINVD |
		interceptHLT | interceptINVLPGA | interceptMSR | interceptTaskSwitch | interceptShutdown
	w[1] = interceptVMRUN | interceptVMMCALL | interceptVMLOAD | interceptVMSAVE |
		interceptSTGI | interceptCLGI | interceptSKINIT | interceptWBINVD | interceptMONITOR |
		interceptMWAIT | interceptXSETBV | interceptRDPRU
	if s.IO == exit.IOExit {
		w[0] |= interceptIO
	}
	if s.Software {
		w[0] |= interceptINTn
		w[1] |= interceptICEBP
	}
	return w
}

// Load makes the guest ready to run on the CPU with that number.
func (g *Guest) Load(id int) {
	g.attach(&cpus[id])
	x86.WriteCR2(g.vmcb.save.cr2) // see SetCR
}

func (g *Guest) attach(c *cpu) {
	g.cpu, g.host, c.current = c, c.host, g
	if g.last != c {
		g.last = c
		g.vmcb.control.clean = 0
	}
	if c.flush {
		c.flush = false
		g.vmcb.control.tlbControl = tlbFlushAll
	}
	g.tags.Attach(&c.tags)
	g.retag()
}

// Unload leaves everything in the control block, but for a flush that was not
// done because there was no entry: the next guest's will do it.
func (g *Guest) Unload() {
	if g.vmcb.control.tlbControl != 0 {
		g.vmcb.control.tlbControl = 0
		g.cpu.flush = true
	}
	g.cpu.current, g.cpu = nil, nil
}

// Enter runs the guest until it exits, and tells whether that was by a
// hypercall, in which case the guest is past the instruction. Otherwise Reason
// says why.
//
//go:noescape
func Enter(guest *Guest, r *exit.Regs) (hypercall bool)

// Reason is why the guest was left. It is called once after each exit that
// was not a hypercall's, and makes an event pending again which that exit kept
// from being delivered. (An instruction that executes is not in the way of any.)
//
// A machine check is never the guest's; the exit has taken it from the
// processor, and the host's handler is called here.
func (g *Guest) Reason() exit.Reason {
	if code(g.vmcb.control.exitCode) == codeException+code(x86.VectorMC) {
		raiseMachineCheck()
	}
	if g.vmcb.control.exitIntInfo&eventValid != 0 {
		g.resume()
	}
	return g.vmcb.reason()
}

// raiseMachineCheck calls the host's handler as the processor does.
func raiseMachineCheck()

// reason is why the guest was left.
func (v *vmcb) reason() exit.Reason {
	r := code(v.control.exitCode).reason()
	if r == exit.MSRRead && v.control.exitInfo[0]&1 != 0 {
		return exit.MSRWrite
	}
	return r
}
