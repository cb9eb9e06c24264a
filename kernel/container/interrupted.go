package container

// Interrupted is where the guest's code is, and how it goes on there: what an
// interrupt keeps of it.
func (c *Container) Interrupted() (rip, cs, rflags, rsp, ss uint64) {
	if vendor == AMD {
		return c.svm.Interrupted()
	}
	return c.vmx.Interrupted()
}

// GoFlat makes the guest go on elsewhere, as Divert does: in 64-bit code at
// privilege level 3, with CS and SS flat under these selectors.
func (c *Container) GoFlat(rip, rsp, rflags uint64, cs, ss uint16) {
	if vendor == AMD {
		c.svm.GoFlat(rip, rsp, rflags, cs, ss)
	} else {
		c.vmx.GoFlat(rip, rsp, rflags, cs, ss)
	}
}
