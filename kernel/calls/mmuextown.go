package calls

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pv"
	"tuco/kernel/x86"
)

// doOwn makes an operation that is about the calling vCPU and its domain.
//
// EINVAL: not an L4 table of the domain's; an LDT of more than 8192 entries, or at an
// address that is not the guest's or does not begin a page; a bitmap of vCPUs that
// can't be read. EACCES, for caches of all CPUs EINVAL: the domain has no devices'
// memory. ENOSYS: no such operation.
func (x *extended) doOwn(op *hypercall.MMUExtOp) hypercall.Errno {
	v := x.v
	self := uint64(1) << v.ID
	at := frame.VAddr(op.LinearAddr())
	switch op.Cmd {
	case hypercall.MMUEXT_NEW_BASEPTR:
		return x.newKernelRoot(frame.MFN(op.MFN()))
	case hypercall.MMUEXT_NEW_USER_BASEPTR:
		return x.newUserRoot(frame.MFN(op.MFN()))
	case hypercall.MMUEXT_TLB_FLUSH_LOCAL:
		x.flush(self)
	case hypercall.MMUEXT_INVLPG_LOCAL:
		x.flushPage(self, at)
	case hypercall.MMUEXT_TLB_FLUSH_ALL:
		x.flush(^uint64(0))
	case hypercall.MMUEXT_INVLPG_ALL:
		x.flushPage(^uint64(0), at)
	case hypercall.MMUEXT_TLB_FLUSH_MULTI, hypercall.MMUEXT_INVLPG_MULTI:
		who, ok := vcpuMask(v, op.VCPUMask())
		if !ok {
			return hypercall.EINVAL
		}
		if op.Cmd == hypercall.MMUEXT_TLB_FLUSH_MULTI {
			x.flush(who)
		} else {
			x.flushPage(who, at)
		}
	case hypercall.MMUEXT_FLUSH_CACHE:
		if !v.Domain.Memory.MapsDevices() {
			return hypercall.EACCES
		}
		x86.WBINVD()
		x.c.Budget = 0
	case hypercall.MMUEXT_FLUSH_CACHE_GLOBAL:
		if !v.Domain.Memory.MapsDevices() {
			return hypercall.EINVAL
		}
		machine.WriteBackCaches(v.Holder())
		x.c.Budget = 0
	case hypercall.MMUEXT_SET_LDT:
		if mm.CheckLDT(at, uint64(op.NrEnts())) != pagetype.OK {
			return hypercall.EINVAL
		}
		pv.SetLDT(v, at, op.NrEnts())
		x.c.Budget -= costFlush
	default:
		return hypercall.ENOSYS
	}
	return 0
}

// newKernelRoot loads the page tables of kernel mode, in which the vCPU is.
func (x *extended) newKernelRoot(m frame.MFN) hypercall.Errno {
	v := x.v
	r := v.Domain.Memory.SetKernelRoot(&x.c, int(v.ID), m)
	if r == pagetype.OK {
		pv.NewKernelRoot(v)
	}
	x.c.Budget -= costFlush
	return x.settle(r)
}

// newUserRoot sets the page tables of user mode, which are loaded on the way there.
func (x *extended) newUserRoot(m frame.MFN) hypercall.Errno {
	v := x.v
	r := v.Domain.Memory.SetUserRoot(&x.c, int(v.ID), m)
	if r == pagetype.OK {
		pv.NewUserRoot(v)
	}
	x.c.Budget -= costFlush
	return x.settle(r)
}

// flush drops all translations of some of the domain's vCPUs.
func (x *extended) flush(who uint64) {
	x.c.Budget -= costFlush
	if who != 1<<x.v.ID {
		x.c.Budget -= costOthers
	}
	flush(x.v, who)
}

// flushPage drops those of a page, at an address that is the guest's.
func (x *extended) flushPage(who uint64, at frame.VAddr) {
	if who != 1<<x.v.ID {
		x.c.Budget -= costOthers
	}
	flushPage(x.v, who, at)
}
