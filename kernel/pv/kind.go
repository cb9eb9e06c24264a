package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/x86"
)

// Kind is what a paravirtual domain's Kind has, but for the hypercalls.
//
// The calls are package calls', which stands above this one.
func Kind(calls *[domain.Calls]domain.Handler) domain.Kind {
	for n, handler := range calls {
		if handler == nil {
			handler = none
		}
		handlers[n] = handler
	}
	gifts.lock.Init(lock.Devices)
	return domain.Kind{
		Name: "PV", Exception: exception, Software: software, Exit: onExit, Code: code, Prepare: prepare, Upcall: upcall, Broken: broken, Hypercall: call, Proceed: proceed,
		IsHypercall: isHypercall,
	}
}

// handlers are the hypercalls by number.
var handlers [domain.Calls]domain.Handler

// none is every hypercall that does not exist.
func none(*domain.VCPU, *hypercall.Args) int64 { return domain.NoSuchCall }

// Args are where the guest has a hypercall's arguments. They stay as they are while the call is under way.
func Args(v *domain.VCPU) *hypercall.Args {
	return (*hypercall.Args)(v.Container.Regs.GPR[:len(hypercall.Args{})])
}

// call serves a hypercall, or the instruction of one elsewhere than at the gate.
func call(v *domain.VCPU) uint64 {
	r := &v.Container.Regs.GPR
	if v.Container.RIP() != v.PV.Gate {
		otherCall(v)
		return r[exit.RAX]
	}
	if !v.PV.Stub.Kernel {
		userCall(v, domain.CallbackSyscall)
		return r[exit.RAX]
	}
	number := r[exit.RAX]
	if number >= domain.Calls {
		return noSuchCall
	}
	v.Calls[number]++
	result := handlers[number](v, Args(v))
	if result == domain.Continue && !returned(v) {
		v.Want(domain.WantCall)
		return number
	}
	return uint64(result)
}

// isHypercall tells what call would find.
func isHypercall(v *domain.VCPU) bool {
	return v.Container.RIP() == v.PV.Gate && v.PV.Stub.Kernel
}

// returned tells whether a result that looks like domain.Continue is what iret
// has found for RAX, and forgets it.
func returned(v *domain.VCPU) bool {
	was := v.PV.Returned
	v.PV.Returned = false
	return was
}

// noSuchCall is domain.NoSuchCall as RAX has it.
const noSuchCall = 1<<64 + domain.NoSuchCall

// Call makes a hypercall that is an entry of a multicall.
func Call(v *domain.VCPU, n hypercall.Number, list *hypercall.ArgList) int64 {
	if n >= domain.Calls {
		return domain.NoSuchCall
	}
	v.Calls[n]++
	v.Args.Set(list)
	return handlers[n](v, &v.Args)
}

// proceed makes a hypercall again that has stopped at its budget. The guest has
// not run since, so that its registers are what they were.
func proceed(v *domain.VCPU) (rax uint64, over bool) {
	result := handlers[v.Container.Regs.GPR[exit.RAX]%domain.Calls](v, Args(v))
	return uint64(result), result != domain.Continue || returned(v)
}

// prepare does what a vCPU wants before it is entered.
func prepare(v *domain.VCPU) {
	wants := v.Wants.Load()
	if wants&domain.WantFlush != 0 {
		v.Wants.And(^uint32(domain.WantFlush)) // before the flush: a later wish is another one
		v.ForgetMemory()
		v.Container.Flush()
	}
	if inStub(v) {
		if v.Wants.Load() != 0 || v.Upcalls.Deliverable() {
			await(v)
		}
		return
	}
	if wants&domain.WantStub != 0 {
		v.Wants.And(^uint32(domain.WantStub))
		refresh(v)
	}
	if wants&domain.WantNMI != 0 {
		v.Wants.And(^uint32(domain.WantNMI))
		deliverNMI(v)
	}
	if v.Upcalls.Deliverable() {
		enter(v, v.PV.Callbacks[domain.CallbackEvent].Address, true, noCode)
	}
}

// upcall delivers an upcall, as soon as the stub has been left. Mostly it is a hypercall that has brought it.
func upcall(v *domain.VCPU) {
	if v.Container.RIP() != v.PV.Gate && inStub(v) {
		await(v)
		return
	}
	enter(v, v.PV.Callbacks[domain.CallbackEvent].Address, true, noCode)
}

// deliverNMI gives the guest an NMI, unless it is handling one.
func deliverNMI(v *domain.VCPU) {
	gate := &v.PV.Traps[x86.VectorNMI]
	if v.PV.NMIMasked || gate.Address == 0 {
		v.PV.NMIPending = v.PV.NMIMasked
		return
	}
	v.PV.NMIPending, v.PV.NMIMasked = false, true
	refresh(v)
	enter(v, gate.Address, gate.Flags&gateMasks != 0, noCode)
}

// SetNMIHandler makes an address the guest's handler of NMIs, 0 for none: an entry of
// its table like another.
func SetNMIHandler(v *domain.VCPU, address uint64) {
	v.PV.Traps[x86.VectorNMI] = domain.Gate{Address: address, CS: hypercall.FLAT_KERNEL_CS64, Flags: gateMasks}
}

// codeAt is where the guest's instruction is: only a 64-bit code segment begins at 0
// whatever its descriptor says.
func codeAt(v *domain.VCPU, rip uint64) frame.VAddr {
	if cs := v.Container.Segment(exit.CS); cs.Attr&exit.SegmentLong == 0 {
		return frame.VAddr(uint32(cs.Base + rip))
	}
	return frame.VAddr(rip)
}

// code reads the guest's instruction.
func code(v *domain.VCPU, rip uint64) (c exit.Code) {
	memory := view(v)
	at := codeAt(v, rip)
	// What lies on this page first: the next may not be there, or needed.
	n := min(uint64(len(c.Bytes)), frame.PageSize-at.Offset())
	if _, ok := memory.Read(c.Bytes[:n], at); !ok {
		return c
	}
	c.N = uint8(n)
	if n < uint64(len(c.Bytes)) {
		if _, ok := memory.Read(c.Bytes[n:], at+frame.VAddr(n)); ok {
			c.N = uint8(len(c.Bytes))
		}
	}
	return c
}

// otherCall is a VMMCALL elsewhere than at the gate of 64-bit code: SYSCALL by 32-bit code, a page fault that the
// stub leaves to us, or an instruction that does not exist for guests.
func otherCall(v *domain.VCPU) {
	switch {
	case !atGate(v):
		v.Container.SetRIP(v.Container.RIP() - callLength)
		undefined(v)
	case offset(v) == gateFault+callLength:
		stubFault(v)
	default:
		userCall(v, domain.CallbackSyscall32)
	}
}

// userCall is SYSCALL by user code, which is its kernel's affair, or by 32-bit code.
func userCall(v *domain.VCPU, which int) {
	if v.PV.Callbacks[which].Address == 0 {
		leaveGate(v)
		const length = 2 // of SYSCALL
		v.Container.SetRIP(v.Container.RIP() - length)
		undefined(v)
		return
	}
	enterCallback(v, which)
}
