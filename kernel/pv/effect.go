package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/emul"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/x86"
)

// outcome is what came of an instruction's effect.
type outcome uint8

const (
	refused outcome = iota // the guest may not have it: #GP
	done
	again   // part of it is done: the guest executes the instruction anew
	unknown // CR4 says that there is no such instruction or register: #UD
)

func allowed(ok bool) outcome {
	if ok {
		return done
	}
	return refused
}

// carryOut does what a privileged instruction asks for.
func carryOut(v *domain.VCPU, e *emul.Effect) (a emul.Answer, o outcome) {
	if e.Action == emul.SetCR && e.Number == 3 {
		return a, setRoot(v, frame.MAddr(e.Value).MFN())
	}
	if hidden(v, e) {
		return a, unknown
	}
	a, ok := simple(v, e)
	return a, allowed(ok)
}

// hidden tells whether CR4 hides what an instruction is about.
func hidden(v *domain.VCPU, e *emul.Effect) bool {
	switch e.Action {
	case emul.GetDR, emul.SetDR:
		return (e.Number == 4 || e.Number == 5) && v.PV.CR4&x86.CR4DE != 0
	case emul.GetXCR, emul.SetXCR:
		return v.PV.CR4&x86.CR4OSXSAVE == 0
	}
	return false
}

// simple is carryOut for what is done in one step.
func simple(v *domain.VCPU, e *emul.Effect) (a emul.Answer, ok bool) {
	switch e.Action {
	case emul.GetCR:
		a.Value, ok = getCR(v, e.Number)
		return a, ok
	case emul.SetCR:
		return a, setCR(v, e.Number, e.Value)
	case emul.ClearTS:
		SetTS(v, false)
		return a, true
	case emul.GetDR:
		a.Value, ok = GetDR(v, e.Number)
		return a, ok
	case emul.SetDR:
		return a, SetDR(v, e.Number, e.Value)
	case emul.GetMSR:
		a.Value, ok = readMSR(v, x86.MSR(e.Number))
		return a, ok
	case emul.SetMSR:
		return a, writeMSR(v, x86.MSR(e.Number), e.Value)
	case emul.GetTSC:
		a.Value = x86.RDTSC()
		return a, true
	case emul.GetXCR:
		a.Value = v.PV.XCR0
		return a, e.Number == 0
	case emul.SetXCR:
		return a, e.Number == 0 && setXCR0(v, e.Value)
	case emul.GetCPUID:
		a.CPUID = cpuid(v, e.Number, uint32(e.Value))
		return a, true
	case emul.FlushCaches, emul.Halt:
		// Caches are coherent, and a guest has no way to make them otherwise.
		return a, true
	case emul.FlushPage:
		v.FlushPage(e.Address)
		return a, true
	case emul.MaskEvents, emul.UnmaskEvents:
		return a, true // the processor's flag is not what masks a guest's events
	case emul.PortIn:
		a.Value = portIn(v, uint16(e.Number), e.Size)
		return a, true
	case emul.PortOut:
		portOut(v, uint16(e.Number), e.Size, uint32(e.Value))
		return a, true
	}
	return a, false
}

// Block waits for an event: upcalls are let in, and the vCPU stops unless there
// is one.
func Block(v *domain.VCPU) {
	v.Upcalls.UnmaskUpcalls()
	machine.PrepareBlock(v)
	if !v.Upcalls.UpcallPending() {
		machine.Block(v)
	}
}
