package machine

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
)

// A vCPU as the place in its guest's memory where it is kept informed, for package
// vtime. It is reached through the kernel's root while the vCPU is on this CPU. A
// place that can't be written to is the guest's loss.
type runstateArea domain.VCPU

// WriteRunstate tells the guest how a vCPU's time was spent, where it has asked.
func WriteRunstate(v *domain.VCPU) {
	if v.Clock.RunstateArea.Load() == 0 {
		return
	}
	r := Scheduler.Runstate(v.Holder(), &v.Entity, Now())
	r.WriteTo((*runstateArea)(v), v.Domain.Assisted(hypercall.VMASST_TYPE_runstate_update_flag))
}

// Put32 is vtime.Area's.
func (a *runstateArea) Put32(offset uint32, value uint32) bool {
	return put32((*domain.VCPU)(a), frame.VAddr(a.Clock.RunstateArea.Load())+frame.VAddr(offset), value)
}

// Put64 is vtime.Area's.
func (a *runstateArea) Put64(offset uint32, value uint64) bool {
	return put64((*domain.VCPU)(a), frame.VAddr(a.Clock.RunstateArea.Load())+frame.VAddr(offset), value)
}

func put32(v *domain.VCPU, at frame.VAddr, value uint32) bool {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], value)
	_, ok := v.KernelMemory.Write(at, b[:])
	return ok
}

func put64(v *domain.VCPU, at frame.VAddr, value uint64) bool {
	memory := &v.KernelMemory
	if at&7 == 0 {
		w, _, ok := memory.Word(at, true)
		if ok {
			w.Store(value)
		}
		return ok
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], value)
	_, ok := memory.Write(at, b[:])
	return ok
}
