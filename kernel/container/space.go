package container

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/svm"
	"tuco/kernel/vmx"
)

// UseSpace selects the address space that the guest is in from the next entry
// on: which TLB entries it uses and makes. The caller sets CR3 besides. A
// container starts in exit.KernelSpace.
func (c *Container) UseSpace(s exit.Space) {
	if vendor == AMD {
		c.svm.UseSpace(s)
	} else {
		c.vmx.UseSpace(s)
	}
}

// ChangeSpace is SwapGS, SetCR3 and UseSpace in one.
func (c *Container) ChangeSpace(cr3 uint64, s exit.Space) {
	if vendor == AMD {
		c.svm.SwapGS()
		if !c.svm.ChangeSpace(cr3, s) {
			c.svm.SetCR3(cr3)
			c.svm.UseSpace(s)
		}
		return
	}
	c.vmx.SwapGS()
	c.vmx.SetCR3(cr3)
	c.vmx.UseSpace(s)
}

// Flush sees to it that from the next entry on the guest uses no translation
// from before, in either of its address spaces.
func (c *Container) Flush() {
	if vendor == AMD {
		c.svm.Flush()
	} else {
		c.vmx.Flush()
	}
}

// FlushSpace is Flush for one of the address spaces.
func (c *Container) FlushSpace(s exit.Space) {
	if vendor == AMD {
		c.svm.FlushSpace(s)
	} else {
		c.vmx.FlushSpace(s)
	}
}

// FlushPage drops the translations of one page, in both address spaces. It is
// enough after the change of an entry that maps a page; when a table above has
// changed, the processor may have kept what leads there under other addresses.
func (c *Container) FlushPage(a frame.VAddr) {
	if vendor == AMD {
		c.svm.FlushPage(a)
	} else {
		c.vmx.FlushPage(a)
	}
}

// FlushGuests sees to it that no guest that runs on this CPU from now on uses a
// translation from before, whichever it is; cpu is the number of the CPU that
// calls.
func FlushGuests(cpu int) {
	if vendor == AMD {
		svm.FlushGuests(cpu)
	} else {
		vmx.FlushGuests(cpu)
	}
}
