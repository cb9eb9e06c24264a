package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/vtime"
)

// getRunstate is VCPUOP_get_runstate_info.
func getRunstate(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	s := runstate(v, t)
	return given(put(v, arg, &s))
}

// runstate is how a vCPU's time was spent up to now.
func runstate(v, t *domain.VCPU) hypercall.VCPURunstateInfo {
	r := machine.Scheduler.Runstate(v.Holder(), &t.Entity, machine.Now())
	return hypercall.VCPURunstateInfo{State: int32(r.State), StateEntryTime: r.Since, Time: r.Time}
}

// registerRunstate is VCPUOP_register_runstate_memory_area; address 0 ends it.
// EFAULT also for an area that is not in the guest's part of the address space.
func registerRunstate(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.VCPURegisterRunstateMemoryArea
	if !get(v, &s, arg) || !inGuest(s.Addr) {
		return fail(hypercall.EFAULT)
	}
	t.Clock.RunstateArea.Store(uint64(s.Addr))
	if t == v {
		machine.WriteRunstate(v)
	} else if s.Addr != 0 {
		now := runstate(v, t)
		put(v, hypercall.Handle[byte](s.Addr), &now) // if the page is not there yet it gets a later one
	}
	return 0
}

// registerTime is VCPUOP_register_vcpu_time_memory_area. The clock is the same for
// good, so what is written now stays right.
// EFAULT also for an area that is not in the guest's part of the address space.
func registerTime(v, _ *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.VCPURegisterTimeMemoryArea
	if !get(v, &s, arg) || !inGuest(s.Addr) {
		return fail(hypercall.EFAULT)
	}
	if s.Addr != 0 {
		now := timeInfo(&machine.Clock)
		put(v, hypercall.Handle[byte](s.Addr), &now) // if the page is not there, that is the guest's loss
	}
	return 0
}

func timeInfo(c *vtime.Clock) hypercall.VCPUTimeInfo {
	return hypercall.VCPUTimeInfo{
		Version: 2, TSCTimestamp: c.TSC, SystemTime: c.System, TSCToSystemMul: c.Mul, TSCShift: c.Shift,
		Flags: hypercall.XEN_PVCLOCK_TSC_STABLE_BIT,
	}
}

// inGuest tells whether a structure would be in the guest's part of the address
// space, mapped or not.
func inGuest[T any](at hypercall.Handle[T]) bool {
	start, length, ok := at.Array(1)
	return ok && guestmem.Usable(frame.VAddr(start)) && guestmem.Usable(frame.VAddr(start+length-1))
}

// registerInfo is VCPUOP_register_vcpu_info.
//
// ENXIO: the place would cross its page, or is not aligned. EINVAL: the vCPU has
// registered one before; it is another one, and up; the frame is not the domain's,
// or can't be written to.
func registerInfo(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.VCPURegisterVCPUInfo
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Offset > frame.PageSize-machine.InfoSize || s.Offset%machine.InfoAlignment != 0 {
		return fail(hypercall.ENXIO)
	}
	if !t.Claim() {
		return domain.Continue
	}
	result := moveInfo(v, t, frame.MFN(s.MFN), uint64(s.Offset))
	t.Release()
	return result
}

func moveInfo(v, t *domain.VCPU, m frame.MFN, offset uint64) int64 {
	if t.InfoFrame != frame.NoMFN || t != v && t.Up.Load() {
		return fail(hypercall.EINVAL)
	}
	if t != v && t.Entity.OnCPU() {
		return domain.Continue // it was told to leave
	}
	h, d := v.Holder(), v.Domain
	var c mm.Call
	machine.Begin(h, d, &c)
	r := c.GetWritable(m, pagetype.Owner(d.ID))
	if machine.Settle(h, d, &c, r) {
		return domain.Continue
	}
	if r != pagetype.OK {
		return fail(hypercall.EINVAL)
	}
	return fail(machine.MoveInfo(h, t, m, offset))
}
