package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/pv"
	"tuco/kernel/x86"
)

// multicallShare is the part of a second, 1/multicallShare, after which a
// multicall lets other work have its turn.
const multicallShare = 10_000

// resultOffset is where a MulticallEntry has its result.
const resultOffset = 8

// multicall is multicall: each entry is copied once and kept, so that a call of
// several steps keeps its arguments, whatever becomes of the list meanwhile.
//
// The list ends where it has left the vCPU in another state than it was called
// in: with iret, after which the vCPU may be in user mode, which has no hypercalls;
// and for good if the domain has shut down.
//
// EFAULT: an entry can't be read, or its result written.
func multicall(v *domain.VCPU, a *hypercall.Args) int64 {
	s, p := a.Multicall(), &v.Progress
	if !guestmem.Usable(frame.VAddr(s.CallList)) {
		return fail(hypercall.EFAULT)
	}
	start, limit := x86.RDTSC(), machine.Clock.Hz()/multicallShare
	for {
		at := hypercall.Handle[byte](s.CallList.At(uint64(p.Entry)))
		if !p.InMulticall {
			if p.Entry >= s.NrCalls {
				return endMulticall(v, 0)
			}
			if !get(v, &p.Call, at) {
				return endMulticall(v, fail(hypercall.EFAULT))
			}
			p.InMulticall = true
		}
		result := oneCall(v, &p.Call)
		if result == domain.Continue && !v.PV.Returned {
			return domain.Continue
		}
		p.Done, p.Sub, p.InMulticall = 0, 0, false
		p.Entry++
		written := put(v, at+resultOffset, &result)
		switch {
		case p.Call.Op == hypercall.HYPERVISOR_iret || !v.PV.Kernel:
			return endMulticall(v, result)
		case !written:
			return endMulticall(v, fail(hypercall.EFAULT))
		case v.Leave || x86.RDTSC()-start > limit:
			return domain.Continue
		}
	}
}

// oneCall makes a call of a multicall. EINVAL: it is one itself.
func oneCall(v *domain.VCPU, c *hypercall.MulticallEntry) int64 {
	if c.Op == hypercall.HYPERVISOR_multicall {
		return fail(hypercall.EINVAL)
	}
	return pv.Call(v, c.Op, &c.Args)
}

// endMulticall counts the calls that were made, and makes the vCPU ready for the next.
func endMulticall(v *domain.VCPU, result int64) int64 {
	v.Lists[domain.ListedMulticall].Count(v.Progress.Entry)
	v.Progress = domain.Progress{}
	return result
}
