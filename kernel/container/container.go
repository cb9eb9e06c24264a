package container

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/svm"
	"tuco/kernel/vmx"
	"tuco/kernel/x86"
)

// Container is the hardware container of one vCPU.
type Container struct {
	// Regs is the guest's registers that the kernel's code uses, while it does
	// not run. RSP is not among them.
	Regs exit.Regs

	svm svm.Guest
	vmx vmx.Guest

	extended extended
	// breakpoints is DR0 to DR3. They are in the CPU while DR7 enables one.
	breakpoints [4]uint64
}

// Init makes the container empty: nothing pending, registers zero, the
// control registers and segments for the caller to set.
func (c *Container) Init(s *exit.Setup) {
	c.Regs = exit.Regs{}
	c.breakpoints = [4]uint64{}
	c.extended.init(s.Extended)
	if vendor == AMD {
		c.svm.Init(s)
	} else {
		c.vmx.Init(s)
	}
}

// Load makes this the container that the CPU runs; cpu is its number.
func (c *Container) Load(cpu int) {
	if vendor == AMD {
		c.svm.Load(cpu)
	} else {
		c.vmx.Load(cpu)
	}
	c.extended.load()
	c.loadBreakpoints()
}

// Unload takes the container's state out of the CPU, so that any CPU may Load it.
func (c *Container) Unload() {
	c.extended.save()
	if vendor == AMD {
		c.svm.Unload()
	} else {
		c.vmx.Unload()
	}
}

// Run enters the guest and returns when it exits. The container is loaded.
// After a hypercall the guest is past the instruction (exit.HypercallLength);
// after any other exit it is where the exit found it.
func (c *Container) Run() exit.Reason {
	if c.Enter() {
		return exit.Hypercall
	}
	return c.Reason()
}

// Enter is the first half of Run: it tells whether the exit is a hypercall. If not, Reason is to be called next.
//
// It is the hottest code there is: a stack check and a layer less show.
//
//go:nosplit
func (c *Container) Enter() (hypercall bool) {
	if vendor == AMD {
		return svm.Enter(&c.svm, &c.Regs)
	}
	return vmx.Enter(&c.vmx, &c.Regs)
}

// Reason is the second half of Run, after an exit that is no hypercall.
func (c *Container) Reason() exit.Reason {
	if vendor == AMD {
		return c.svm.Reason()
	}
	return c.vmx.Reason()
}

// Decode says more about the last exit. Where the processor does not tell the
// length of an instruction it is read through fetch, which may be nil if the
// caller does not care for the length.
func (c *Container) Decode(info *exit.Info, fetch exit.Fetch) {
	if vendor == AMD {
		c.svm.Decode(info, fetch)
	} else {
		c.vmx.Decode(info, fetch)
	}
	if info.Reason == exit.MSRRead || info.Reason == exit.MSRWrite {
		info.MSR = x86.MSR(c.Regs.GPR[exit.RCX])
	}
}

// Exception is what Decode says of an exit.Exception, the most frequent of the reasons
// that need it: the error code means something where the vector has one, and linear with
// a page fault.
func (c *Container) Exception() (vector x86.Vector, errorCode uint32, linear frame.VAddr) {
	if vendor == AMD {
		return c.svm.Exception()
	}
	return c.vmx.Exception()
}

// Skip moves the guest past an instruction of n bytes that was executed on
// its behalf, and so ends an interrupt shadow.
func (c *Container) Skip(n uint8) {
	if vendor == AMD {
		c.svm.Skip(n)
		return
	}
	c.vmx.Skip(n)
}

// Inject delivers the event at the next entry, in place of one that was pending.
func (c *Container) Inject(e exit.Event) {
	if vendor == AMD {
		c.svm.Inject(e)
	} else {
		c.vmx.Inject(e)
	}
}

// Pending is the event that the next entry will deliver, if there is one.
func (c *Container) Pending() (exit.Event, bool) {
	if vendor == AMD {
		return c.svm.Pending()
	}
	return c.vmx.Pending()
}

// Cancel drops the pending event.
func (c *Container) Cancel() {
	if vendor == AMD {
		c.svm.Cancel()
	} else {
		c.vmx.Cancel()
	}
}

// Interruptible tells whether an external interrupt could be injected now.
func (c *Container) Interruptible() bool {
	if vendor == AMD {
		return c.svm.Interruptible()
	}
	return c.vmx.Interruptible()
}

// SetWindow asks for an exit with exit.Window as soon as the guest is
// Interruptible, or no longer.
func (c *Container) SetWindow(on bool) {
	if vendor == AMD {
		c.svm.SetWindow(on)
	} else {
		c.vmx.SetWindow(on)
	}
}

// SetTSCOffset makes the guest's time stamp counter the host's plus offset,
// in ticks, modulo 2^64.
func (c *Container) SetTSCOffset(offset uint64) {
	if vendor == AMD {
		c.svm.SetTSCOffset(offset)
	} else {
		c.vmx.SetTSCOffset(offset)
	}
}
