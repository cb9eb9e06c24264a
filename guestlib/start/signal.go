package start

import (
	"unsafe"

	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
	"tuco/guestlib/spin"
)

// Linux' numbers of signals.
const (
	sigILL, sigTRAP, sigABRT, sigBUS, sigFPE = 4, 5, 6, 7, 8
	sigKILL, sigSEGV, sigURG, sigPROF        = 9, 11, 23, 27

	signals = 64
)

// action is Linux' struct sigaction.
type action struct {
	handler, _, restorer, mask uint64
}

var actions [signals + 1]action

// actionOf is what is done for a signal.
func actionOf(number uint64) action {
	tables.Lock()
	a := actions[number]
	tables.Unlock()
	return a
}

func sigaction(number, set, get uint64) uint64 {
	if number == 0 || number > signals {
		return failed(einval)
	}
	if get != 0 {
		*at[action](get) = actions[number]
	}
	if set != 0 {
		actions[number] = *at[action](set)
	}
	return 0
}

func sigprocmask(how, set, get uint64) uint64 {
	const block, unblock = 0, 1
	blocked := &sched.Current().Signals.Blocked
	if get != 0 {
		*at[uint64](get) = *blocked
	}
	if set == 0 {
		return 0
	}
	switch v := *at[uint64](set); uint32(how) {
	case block:
		*blocked |= v
	case unblock:
		*blocked &^= v
	default:
		*blocked = v
	}
	return 0
}

// sigStack is Linux' stack_t.
type sigStack struct {
	sp    uint64
	flags uint64 // an int and its padding
	size  uint64
}

const stackDisabled = 2

func sigaltstack(set, get uint64) uint64 {
	s := &sched.Current().Signals
	if get != 0 {
		old := sigStack{sp: s.Stack, size: s.StackSize}
		if s.StackSize == 0 {
			old.flags = stackDisabled
		}
		*at[sigStack](get) = old
	}
	if set != 0 {
		s.Stack, s.StackSize = 0, 0
		if v := *at[sigStack](set); uint32(v.flags)&stackDisabled == 0 {
			s.Stack, s.StackSize = v.sp, v.size
		}
	}
	return 0
}

func tgkill(id, number uint64) uint64 {
	if number == 0 || number > signals {
		return failed(esrch)
	}
	if handler := actionOf(number).handler; handler <= ignore {
		if handler == 0 && number != sigURG {
			killed(number)
		}
		return 0
	}
	if !sched.Signal(id, number) {
		return failed(esrch)
	}
	return 0
}

// signalled tells whether a signal waits for the current thread to leave the library.
func signalled() bool { return sched.Current().Signals.Due() != 0 }

// await is sched.Wait, of which a signal makes an error, as what the system call is to return.
func await(key, deadline uint64, held *spin.Lock) uint64 {
	return waited(sched.Wait(key, deadline, held))
}

func waited(woken bool) uint64 {
	switch {
	case woken:
		return 0
	case signalled():
		return failed(eintr)
	}
	return failed(etimedout)
}

// The handlers that are none.
const ignore = 1

// killed ends the domain as a signal ends a process.
func killed(number uint64) {
	var l console.Line
	l.Str("guest: ended by signal ").Dec(number).End()
	const shellStatus = 128
	exit(shellStatus + number)
}

// signalFrame is what Linux puts onto the stack of a handler: struct rt_sigframe, and behind it, at a multiple of 64, the
// state of the vector registers.
type signalFrame struct {
	restorer uint64 // where the handler returns to
	context  signalContext
	info     signalInfo
}

// signalContext is struct ucontext.
type signalContext struct {
	_, _                                 uint64 // flags and link
	stack                                sigStack
	r8, r9, r10, r11, r12, r13, r14, r15 uint64
	di, si, bp, bx, dx, ax, cx, sp, ip   uint64
	eflags                               uint64
	segments                             uint64
	err, vector, _, cr2                  uint64
	state                                uint64
	_                                    [8]uint64
	mask                                 uint64
	_                                    [fpStateSize]byte
}

const fpStateSize = 512

// signalInfo is siginfo_t.
type signalInfo struct {
	number, _, code int32
	_               int32
	address         uint64
	_               [13]uint64
}

// Codes of signals.
const (
	codeKernel = 0x80
	codeTgkill = -6
	codeMapErr = 1
	codeAccErr = 2
	codeIntDiv = 1
)

const (
	signalFrameSize = uint64(unsafe.Sizeof(signalFrame{}))
	contextOffset   = uint64(unsafe.Offsetof(signalFrame{}.context))
	infoOffset      = uint64(unsafe.Offsetof(signalFrame{}.info))
)

// deliver has a frame of the program's go on in the handler of a signal.
func deliver(f *cpu.Frame, state uint64, number uint64, code int32, address uint64) {
	t := sched.Current()
	s := &t.Signals
	a := actionOf(number)
	sp := f.SP - redZone
	if s.StackSize != 0 && (sp < s.Stack || sp > s.Stack+s.StackSize) {
		sp = s.Stack + s.StackSize
	}
	size := cpu.StateSize()
	saved := (sp - size) &^ 63
	copy(bytesAt(saved, size), bytesAt(state, size))
	sp = (saved-signalFrameSize)&^15 - 8 // as after a call
	h := at[signalFrame](sp)
	*h = signalFrame{}
	h.restorer = a.restorer
	x := &h.context
	x.stack = sigStack{sp: s.Stack, size: s.StackSize}
	x.r8, x.r9, x.r10, x.r11, x.r12, x.r13, x.r14, x.r15 = f.R8, f.R9, f.R10, f.R11, f.R12, f.R13, f.R14, f.R15
	x.di, x.si, x.bp, x.bx, x.dx, x.ax, x.cx, x.sp, x.ip = f.DI, f.SI, f.BP, f.BX, f.DX, f.AX, f.CX, f.SP, f.IP
	x.eflags, x.segments, x.err, x.vector, x.cr2 = f.RFLAGS, f.CS&0xffff, f.Error, f.Vector, address
	x.state, x.mask = saved, s.Blocked
	h.info = signalInfo{number: int32(number), code: code, address: address}
	s.Blocked |= a.mask | 1<<(number-1)
	f.IP, f.SP, f.DI = a.handler, sp, number
	f.SI = sp + infoOffset
	f.DX = sp + contextOffset
	const direction, single = 1 << 10, 1 << 8
	f.RFLAGS &^= direction | single
}

// redZone is what C code may use below its stack pointer.
const redZone = 128

// sigreturn goes back to what a handler interrupted: its frame lies behind the restorer's address, which the handler's
// return has taken, below the return address of the call that stands for SYSCALL.
func sigreturn(c *cpu.Call) {
	h := at[signalFrame](c.SP)
	x := &h.context
	s := &sched.Current().Signals
	s.Blocked = x.mask
	f := &s.Frame
	*f = cpu.Frame{
		R8: x.r8, R9: x.r9, R10: x.r10, R11: x.r11, R12: x.r12, R13: x.r13, R14: x.r14, R15: x.r15,
		DI: x.di, SI: x.si, BP: x.bp, BX: x.bx, DX: x.dx, AX: x.ax, CX: x.cx, SP: x.sp, IP: x.ip, RFLAGS: x.eflags,
	}
	f.SetKernel()
	if signalled() {
		sched.Hurry() // one that was held back until now comes at once: nothing else may interrupt what was interrupted
	}
	cpu.Resume(f, x.state, c.G())
}

// trap answers what interrupted a thread.
func trap(f *cpu.Frame, state uint64) {
	switch f.Vector {
	case cpu.VectorEvent:
		sched.Interrupt()
	case cpu.VectorPage:
		address := cpu.This().Info.Arch.CR2
		if mm.Fault(address, f.Error) {
			return
		}
		code := int32(codeMapErr)
		if f.Error&mm.FaultProtection != 0 {
			code = codeAccErr
		}
		fault(f, state, sigSEGV, code, address)
	case cpu.VectorDivide:
		fault(f, state, sigFPE, codeIntDiv, f.IP)
	case cpu.VectorFPU, cpu.VectorSIMD:
		fault(f, state, sigFPE, codeKernel, f.IP)
	case cpu.VectorInvalid:
		fault(f, state, sigILL, codeKernel, f.IP)
	case cpu.VectorBreak, cpu.VectorDebug:
		fault(f, state, sigTRAP, codeKernel, f.IP)
	case cpu.VectorAlignment:
		fault(f, state, sigBUS, codeKernel, 0)
	default:
		fault(f, state, sigSEGV, codeKernel, 0)
	}
	pending(f, state)
}

// pending delivers a signal that somebody sent, if the frame is the program's.
func pending(f *cpu.Frame, state uint64) {
	s := &sched.Current().Signals
	if !f.InProgram() || s.Due() == 0 {
		return
	}
	for number := uint64(1); number <= signals; number++ {
		bit := uint64(1) << (number - 1)
		if s.Due()&bit != 0 {
			s.Pending.And(^bit)
			if actionOf(number).handler <= ignore {
				continue // it was not when the signal was sent
			}
			code := int32(codeTgkill)
			if number == sigPROF {
				code = codeKernel
			}
			deliver(f, state, number, code, 1)
			return
		}
	}
}

// fault makes a signal of an exception.
func fault(f *cpu.Frame, state, number uint64, code int32, address uint64) {
	s := &sched.Current().Signals
	if f.InProgram() && actionOf(number).handler > ignore && s.Blocked>>(number-1)&1 == 0 {
		deliver(f, state, number, code, address)
		return
	}
	var l console.Line
	l.Str("guest: exception ").Dec(f.Vector).Str(" at ").Hex(f.IP).Str(", error code ").Hex(f.Error).Str(", address ").Hex(address).
		Str(", stack ").Hex(f.SP).Str(", thread ").Dec(uint64(sched.Current().ID)).End()
	l.Str("guest: on the stack:")
	const words, word = 6, 8
	for i := range uint64(words) {
		l.Str(" ").Hex(*at[uint64](f.SP + i*word))
	}
	l.End()
	if f.InProgram() {
		killed(number)
	}
	console.Fatal("the library has failed")
}
