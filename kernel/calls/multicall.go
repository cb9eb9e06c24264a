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

// multicall is multicall. Entries are taken a stretch at a time, and their results
// written likewise. A call that takes several steps has its entry kept, so that its
// arguments stay what they were, whatever becomes of the list meanwhile.
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
	x := multicalls{v: v, start: x86.RDTSC(), limit: machine.Clock.Hz() / multicallShare}
	list := &room(v).calls
	for p.Entry < s.NrCalls {
		at := s.CallList.At(uint64(p.Entry))
		n := 1
		if p.InMulticall {
			list[0] = p.Call
		} else {
			memory := &v.KernelMemory
			most := list[:min(int(s.NrCalls-p.Entry), len(list))]
			if guestmem.Direct[byte](memory, frame.VAddr(at), 1) == nil {
				most = list[:1] // what can't be told is not done
			}
			if n = guestmem.Some(memory, most, frame.VAddr(at)); n == 0 {
				return endMulticall(v, fail(hypercall.EFAULT))
			}
		}
		result := x.make(list[:n])
		switch {
		case !putResults(v, at, list[:x.made]):
			if x.state != left {
				result = fail(hypercall.EFAULT)
			}
			return endMulticall(v, result)
		case x.state == left:
			return endMulticall(v, result)
		case x.state == waits:
			return domain.Continue
		}
	}
	return endMulticall(v, 0)
}

// multicalls is a step of a multicall.
type multicalls struct {
	v            *domain.VCPU
	start, limit uint64 // ticks
	made         int    // calls of the stretch
	state        uint8
}

// How making a stretch of calls ended.
const (
	through = iota
	waits   // something else has its turn first
	left    // the vCPU is not in the state any more in which it made the multicall
)

// make makes calls and leaves their results in the entries. It returns the
// last one's.
func (x *multicalls) make(list []hypercall.MulticallEntry) (result int64) {
	v, p := x.v, &x.v.Progress
	x.made, x.state = 0, through
	for i := range list {
		c := &list[i]
		if result = oneCall(v, c); result == domain.Continue && !v.PV.Returned {
			p.Call, p.InMulticall = *c, true
			x.state = waits
			return result
		}
		c.Result = uint64(result)
		p.Done, p.Sub, p.InMulticall = 0, 0, false
		p.Entry++
		x.made++
		switch {
		case c.Op == hypercall.HYPERVISOR_iret || !v.PV.Stub.Kernel:
			x.state = left
			return result
		case v.Leave || x86.RDTSC()-x.start > x.limit:
			x.state = waits
			return result
		}
	}
	return result
}

// oneCall makes a call of a multicall. EINVAL: it is one itself.
func oneCall(v *domain.VCPU, c *hypercall.MulticallEntry) int64 {
	if c.Op == hypercall.HYPERVISOR_multicall {
		return fail(hypercall.EINVAL)
	}
	return pv.Call(v, c.Op, &c.Args)
}

// putResults writes the results of entries to the guest's list.
func putResults(v *domain.VCPU, at hypercall.Handle[hypercall.MulticallEntry], list []hypercall.MulticallEntry) bool {
	if there := guestmem.Direct[hypercall.MulticallEntry](&v.KernelMemory, frame.VAddr(at), len(list)); there != nil {
		for i := range list {
			there[i].Result = list[i].Result
		}
		return true
	}
	for i := range list {
		result := hypercall.Handle[byte](at.At(uint64(i))) + resultOffset
		if !put(v, result, &list[i].Result) {
			return false
		}
	}
	return true
}

// endMulticall counts the calls that were made, and makes the vCPU ready for the next.
func endMulticall(v *domain.VCPU, result int64) int64 {
	v.Lists[domain.ListedMulticall].Count(v.Progress.Entry)
	v.Progress = domain.Progress{}
	return result
}
