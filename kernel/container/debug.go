package container

import "tuco/kernel/x86"

// SetDR writes debug register 0 to 3, 6 or 7; bits that have a fixed value get
// it. DR7's general detect (GD) is among them, for a guest's accesses of debug
// registers exit or fault anyway.
//
// Addresses in DR0 to DR3 are the guest's linear ones. It is for the caller to
// refuse those where the guest should not stop.
func (c *Container) SetDR(n uint8, v uint64) {
	switch n {
	case 0, 1, 2, 3:
		c.breakpoints[n] = v
	case 6:
		c.setDR6(debugStatus(v))
		return
	case 7:
		c.SetDR7(v)
		return
	}
	c.loadBreakpoints()
}

// SetDR7 is SetDR for DR7.
func (c *Container) SetDR7(v uint64) {
	v = debugControl(v)
	c.setDR7(v)
	if v&x86.DR7Enable != 0 {
		x86.SetBreakpoints(&c.breakpoints)
	}
}

// DR reads debug register 0 to 3, 6 or 7. After an exit for #DB, DR6 says what
// it was for; a #DB that does not exit may leave no trace here.
func (c *Container) DR(n uint8) uint64 {
	switch n {
	case 0, 1, 2, 3:
		return c.breakpoints[n]
	case 6:
		return c.dr6()
	case 7:
		return c.dr7()
	}
	return 0
}

// loadBreakpoints puts DR0 to DR3 into the CPU if the guest uses one. If not,
// another guest's stay there, which this one can neither read nor hit; nor can
// the hypervisor hit them, since an exit disables all.
func (c *Container) loadBreakpoints() {
	if c.dr7()&x86.DR7Enable != 0 {
		x86.SetBreakpoints(&c.breakpoints)
	}
}

// debugStatus makes a value that DR6 can have.
func debugStatus(v uint64) uint64 {
	const free = x86.DR6Breakpoints | x86.DR6Access | x86.DR6Step | x86.DR6Task
	return v&free | x86.DR6Ones
}

// debugControl makes a value that DR7 can have.
func debugControl(v uint64) uint64 {
	const free = x86.DR7Enable | x86.DR7Exact | x86.DR7Conditions
	return v&free | x86.DR7Ones
}

func (c *Container) dr6() uint64 {
	if vendor == AMD {
		return c.svm.DR6()
	}
	return c.vmx.DR6()
}

func (c *Container) setDR6(v uint64) {
	if vendor == AMD {
		c.svm.SetDR6(v)
	} else {
		c.vmx.SetDR6(v)
	}
}

func (c *Container) dr7() uint64 {
	if vendor == AMD {
		return c.svm.DR7()
	}
	return c.vmx.DR7()
}

func (c *Container) setDR7(v uint64) {
	if vendor == AMD {
		c.svm.SetDR7(v)
	} else {
		c.vmx.SetDR7(v)
	}
}
