package pv

import (
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// What the control registers of a guest's kernel hold at the start.
const (
	initialCR0 = x86.CR0PG | x86.CR0AM | x86.CR0WP | x86.CR0NE | x86.CR0ET | x86.CR0MP | x86.CR0PE
	guestCR4   = x86.CR4PAE | x86.CR4OSFXSR | x86.CR4OSXMMEXCPT
)

// getCR is what a MOV from a control register gives.
func getCR(v *domain.VCPU, n uint32) (uint64, bool) {
	switch n {
	case 0:
		return cr0(v), true
	case 2:
		return v.PV.Stub.CR2, true
	case 3:
		kernel, _ := v.Domain.Memory.Roots(int(v.ID))
		return uint64(kernel.Addr()), true
	case 4:
		return v.PV.CR4, true
	}
	return 0, false
}

// cr0 is CR0 as the guest knows it: of its bits only TS changes, also in the stub.
func cr0(v *domain.VCPU) uint64 { return initialCR0 | v.Container.CR(0)&x86.CR0TS }

// setCR is a MOV to a control register. Of CR0 only TS can be changed, of CR4
// what concerns the guest's own programs. For CR3 see setRoot.
func setCR(v *domain.VCPU, n uint32, value uint64) bool {
	switch n {
	case 0:
		if (value^initialCR0)&^x86.CR0TS != 0 {
			return false
		}
		SetTS(v, value&x86.CR0TS != 0)
		return true
	case 2:
		v.PV.Stub.CR2 = value
		v.Upcalls.CR2.Store(value)
		return true
	case 4:
		return setCR4(v, value)
	}
	return false
}

// setRoot loads CR3 by the instruction.
func setRoot(v *domain.VCPU, m frame.MFN) outcome {
	var c mm.Call
	machine.Begin(v.Holder(), v.Domain, &c)
	r := v.Domain.Memory.SetKernelRoot(&c, int(v.ID), m)
	if machine.Settle(v.Holder(), v.Domain, &c, r) {
		return again
	}
	if r != pagetype.OK {
		return refused
	}
	NewKernelRoot(v)
	return done
}

// hostCR4 are bits that a container has because the processor has them, whether
// its guest asks for them or not.
func hostCR4() uint64 {
	return x86.ReadCR4() & (x86.CR4PGE | x86.CR4SMEP | x86.CR4FSGSBASE | x86.CR4OSXSAVE | x86.CR4MCE)
}

// setCR4 lets a guest have TSD and DE as it likes. Bits that it sees set stay
// so or are its own belief; others can't be set.
func setCR4(v *domain.VCPU, value uint64) bool {
	if value&^allowedCR4() != 0 {
		return false
	}
	v.PV.CR4 = value
	c := &v.Container
	c.SetCR(4, hostCR4()|guestCR4|value&ownCR4)
	return true
}

// ownCR4 are bits of CR4 that mean to the processor what the guest says.
const ownCR4 = x86.CR4TSD | x86.CR4DE

func allowedCR4() uint64 {
	const believed = x86.CR4PGE | x86.CR4PSE | x86.CR4MCE | x86.CR4VME | x86.CR4PVI | x86.CR4PCE | x86.CR4UMIP
	return ownCR4 | believed | guestCR4 | hostCR4()&(x86.CR4FSGSBASE|x86.CR4OSXSAVE)
}

// setXCR0 is XSETBV: which vector state there is. False: no processor would take
// the value, or it names state that is not switched.
func setXCR0(v *domain.VCPU, value uint64) bool {
	if value&x86.XCR0X87 == 0 || value&^container.ExtendedMask() != 0 ||
		value&(x86.XCR0AVX|x86.XCR0SSE) == x86.XCR0AVX {
		return false
	}
	v.PV.XCR0 = value
	v.Container.SetXCR0(value)
	return true
}
