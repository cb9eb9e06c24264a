package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// mmuextOp is mmuext_op.
//
// EFAULT; ESRCH, EPERM: see frameOwner, and EPERM for DOMID_IO, whose frames are
// no page tables. The errors of an operation are with extended.do.
func mmuextOp(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.MMUExtOp()
	done := v.Progress.Done
	v.Progress.Done = 0
	if !guestmem.Usable(frame.VAddr(s.Ops)) {
		return fail(hypercall.EFAULT)
	}
	d, owner, e := v.Domain, pagetype.Owner(v.Domain.ID), hypercall.Errno(0)
	if frames := s.ForeignDom.Frames(); frames != hypercall.DOMID_SELF {
		if d, owner, e = frameOwner(v, frames); e == 0 && d == nil {
			e = hypercall.EPERM
		}
		if e != 0 {
			return fail(e)
		}
	}
	if s.Count == 1 && d == v.Domain && flushedSelf(v, frame.VAddr(s.Ops)) {
		v.Lists[domain.ListedMMUExtOp].Count(1)
		return report(&v.KernelMemory, s.DoneOut, 1, 0)
	}
	var x extended
	x.v, x.d, x.owner = v, d, owner
	x.c.Begin(v.Holder(), &d.Memory, owner, machine.Budget)
	list := &room(v).operations
	for e == 0 && done < s.Count {
		n := guestmem.Some(&v.KernelMemory, list[:min(int(s.Count-done), len(list))], frame.VAddr(s.Ops.At(uint64(done))))
		if n == 0 {
			e = hypercall.EFAULT
		}
		for i := range list[:n] {
			if x.c.Budget <= 0 {
				x.again = true
			} else {
				e = x.do(&list[i])
			}
			if x.again {
				v.Progress.Done = done
				return domain.Continue
			}
			if e != 0 {
				break
			}
			done++
		}
	}
	v.Lists[domain.ListedMMUExtOp].Count(s.Count)
	if s.DoneOut == 0 {
		return fail(e)
	}
	return report(&v.KernelMemory, s.DoneOut, done, e)
}

// flushedSelf makes an operation that drops translations of the calling vCPU alone, for which
// nothing has to be made ready. False: it is another, or can't be read; nothing was done.
func flushedSelf(v *domain.VCPU, at frame.VAddr) bool {
	const size, argument = 24, 8 // of a hypercall.MMUExtOp, of which each field is read once
	memory := &v.KernelMemory
	cmd, ok := memory.GetUint32(at)
	if !ok || at.Offset() > frame.PageSize-size {
		return false
	}
	switch cmd {
	case hypercall.MMUEXT_TLB_FLUSH_LOCAL:
		machine.FlushSelf(v)
	case hypercall.MMUEXT_INVLPG_LOCAL:
		linear, ok := memory.Peek(at + argument)
		if !ok {
			return false
		}
		flushPage(v, 1<<v.ID, frame.VAddr(linear))
	default:
		return false
	}
	return true
}

// extended is an mmuext_op under way.
type extended struct {
	v     *domain.VCPU
	d     *domain.Domain // whose frames are meant
	owner pagetype.Owner // its number
	c     mm.Call
	again bool // the operation is to be made again
}

// settle does what has to follow an operation on page tables.
func (x *extended) settle(r pagetype.Result) hypercall.Errno {
	if machine.Settle(x.v.Holder(), x.d, &x.c, r) {
		x.again = true
		return 0
	}
	return errno(r)
}

// What operations cost beside page-table entries that are looked at, in units of the
// budget: one, about the time that an entry takes.
const (
	costOperation = 1
	costPage      = 16 // to clear or to copy one
	costFlush     = 16 // of this CPU's translations, with the misses that follow
	costOthers    = 64 // to wait for other CPUs
)

// do makes one operation.
//
// Errors: those of errno; EINVAL, of what is to be pinned, unpinned, loaded,
// cleared or copied: it is not the domain's frame, or is in use as something else, or
// pinned already or not pinned; EPERM for another domain than the caller where
// the operation is about the vCPU; ENOSYS; EOPNOTSUPP for superpages.
func (x *extended) do(op *hypercall.MMUExtOp) hypercall.Errno {
	x.c.Budget -= costOperation
	m := frame.MFN(op.MFN())
	switch op.Cmd {
	case hypercall.MMUEXT_PIN_L1_TABLE, hypercall.MMUEXT_PIN_L2_TABLE, hypercall.MMUEXT_PIN_L3_TABLE, hypercall.MMUEXT_PIN_L4_TABLE:
		level := pagetype.L1 + pagetype.Type(op.Cmd-hypercall.MMUEXT_PIN_L1_TABLE)
		return x.settle(x.d.Memory.Pin(&x.c, m, level))
	case hypercall.MMUEXT_UNPIN_TABLE:
		return x.settle(x.d.Memory.Unpin(&x.c, m))
	case hypercall.MMUEXT_CLEAR_PAGE:
		return x.clearPage(m)
	case hypercall.MMUEXT_COPY_PAGE:
		return x.copyPage(m, frame.MFN(op.SrcMFN()))
	}
	if op.Cmd == hypercall.MMUEXT_MARK_SUPER || op.Cmd == hypercall.MMUEXT_UNMARK_SUPER {
		return hypercall.EOPNOTSUPP
	}
	if x.d != x.v.Domain {
		return hypercall.EPERM
	}
	return x.doOwn(op)
}
