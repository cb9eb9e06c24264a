package pv

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// stub is what is known of the code of stub.S. Constant after Start.
var stub struct {
	// used: it does what it can by itself. Otherwise only its beginning is, as a gate.
	used bool

	fault     uint64 // offset of the handler of page faults
	ownReturn uint64 // of the IRET to segments of the guest's own
	regions   [regions]region
}

// region is code that may fault, from one offset to another.
type region struct{ from, to uint64 }

// The regions of the stub's code: of what it is the beginning.
const (
	inSyscall = iota
	inCall
	inFault
	regions
)

// idtOffset is where the interrupt descriptor table is in domain.Stub.
const idtOffset = 0x110

// stubHeader is where in the code its offsets are.
const stubHeader = 40

// Last bytes of the instruction that leaves the container.
const (
	lastOfVMMCALL = 0xd9
	lastOfVMCALL  = 0xc1
)

// writeStub fills the page of the stub's code, and takes from it what stub is.
func writeStub(page, code []byte, use bool) {
	for i := range page {
		page[i] = 0xcc // INT3
	}
	copy(page, code)
	if container.Current() != container.AMD {
		for _, o := range [...]uint64{gate64, gate32, gateFault} {
			page[o+callLength-1] = lastOfVMCALL
		}
	}
	word := func(n int) uint64 { return uint64(binary.LittleEndian.Uint16(page[stubHeader+2*n:])) }
	stub.used = use
	stub.fault = word(0)
	for i := range stub.regions {
		stub.regions[i] = region{word(1 + 2*i), word(2 + 2*i)}
	}
	stub.ownReturn = word(1 + 2*regions)
}

// resetStub gives a vCPU's stub the state in which every one begins.
func resetStub(v *domain.VCPU) {
	s := v.PV.Stub
	*s = domain.Stub{Kernel: true}
	s.SetKernelSP(0)
	s.Return.CS, s.Return.SS = hypercall.FLAT_RING3_CS64, hypercall.FLAT_RING3_SS64
	top := uint64(at(v, stubPage)) + frame.PageSize
	s.TSS.IST1, s.TSS.IST1Top = uint32(top), uint32(top>>32)
	s.IDT[x86.VectorPF] = gateDescriptor(uint64(at(v, codePage)) + stub.fault)
}

// gateDescriptor is an interrupt gate to code of the stub's, on the first stack of the TSS's.
// APM vol. 2, "Long-Mode Interrupt Gates".
func gateDescriptor(to uint64) [2]uint64 {
	const present, interruptGate, ist1 = 1 << 47, 0xe << 40, 1 << 32
	return [2]uint64{to&0xffff | gateCS<<16 | to>>16&0xffff<<48 | present | interruptGate | ist1, to >> 32}
}

// idt is the interrupt descriptor table of the processor: all but page faults exits.
func idt(v *domain.VCPU) exit.Table {
	if !stub.used {
		return exit.Table{}
	}
	const size = 16 * domain.StubVectors
	return exit.Table{Base: uint64(at(v, stubPage)) + idtOffset, Limit: size - 1}
}

// setRoots tells the stub the roots of both modes.
func setRoots(v *domain.VCPU) {
	s := v.PV.Stub
	kernel, user := v.Domain.Memory.Roots(int(v.ID))
	s.KernelRoot, s.UserRoot = kernel.Addr(), 0
	if user != frame.NoMFN && s.Returns {
		s.UserRoot = user.Addr()
	}
}

// refresh tells a vCPU's stub, which it is not in, what it may do by itself.
func refresh(v *domain.VCPU) {
	showIOPL(v)
	if !stub.used {
		return
	}
	s, p := v.PV.Stub, &v.PV
	mapInfo(v)
	s.Returns = !v.PV.NMIMasked && v.Heard()
	s.Syscall, s.Fault = 0, 0
	if v.PV.ShowsIOPL {
		s.Returns = false // frames show the I/O privilege level, and set it
	} else if v.Heard() {
		entry, gate := &p.Callbacks[domain.CallbackSyscall], &p.Traps[x86.VectorPF]
		s.Syscall, s.SyscallMasks = entry.Address, bit(entry.Masks)
		s.Fault, s.FaultMasks = gate.Address, bit(gate.Flags&gateMasks != 0)
	}
	setRoots(v)
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// mapInfo lets the stub see the vCPU's vcpu_info, if it has one.
func mapInfo(v *domain.VCPU) {
	e := pagetype.PTE(0)
	v.PV.Stub.Info = domain.NoStack
	if v.Heard() {
		info := infoAt(v)
		e = pagetype.MakePTE(info.MFN(), areaWritten)
		v.PV.Stub.Info = uint64(at(v, infoPage)) + info.Offset()
	}
	if v.PV.Window[infoPage].Swap(uint64(e)) != uint64(e) {
		machine.FlushSelf(v)
	}
}
