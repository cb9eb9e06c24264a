package cpu

import (
	"unsafe"

	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// A Call is what a thread had in its registers when it made a system call, as systemCall pushes it.
type Call struct {
	fsG                             uint64 // the g below the FS base
	AX                              uint64 // the call's number, and then its result
	R15, R14, R13, R12, R10, R9, R8 uint64
	DX, SI, DI, BX, BP              uint64
	SP                              uint64 // where the return address is
}

const callSize = uint64(unsafe.Sizeof(Call{}))

// A Frame is the registers of what a fault or an event interrupted, as common pushes them. From AX on it is what the
// hypercall iret takes.
type Frame struct {
	fsG                        uint64
	Vector, Error              uint64
	R15, R14, R13, R12, BP, BX uint64
	R10, R9, R8, DX, SI, DI    uint64
	AX, R11, CX                uint64
	Flags                      uint64 // 0
	IP, CS, RFLAGS, SP, SS     uint64
}

// The vectors that have a stub, and after them the callbacks'.
const (
	VectorDivide    = 0
	VectorDebug     = 1
	VectorBreak     = 3
	VectorInvalid   = 6
	VectorProtect   = 13
	VectorPage      = 14
	VectorFPU       = 16
	VectorAlignment = 17
	VectorSIMD      = 19
	VectorEvent     = 32
	VectorFailsafe  = 33
)

// The flag of RFLAGS that is the event mask, upside down, in frames.
const flagIF = 1 << 9

// InProgram tells whether the frame is the program's, not one of the library's own.
func (f *Frame) InProgram() bool { return f.RFLAGS&flagIF != 0 }

// SetKernel has the frame go on in kernel mode, with events unmasked: iret takes ring 3 for user mode.
func (f *Frame) SetKernel() {
	const ring = 3
	f.CS, f.SS, f.Flags = hypercall.FLAT_KERNEL_CS&^ring, hypercall.FLAT_KERNEL_SS, 0
	f.RFLAGS |= flagIF
}

// Handlers is what the stubs call: on the thread's stack, with its library's g. The state of the floating-point and vector
// registers is at an address, as FXSAVE or XSAVE has it, of so many bytes.
type Handlers struct {
	Call   func(c *Call)
	Trap   func(f *Frame, state uint64)
	Forked func() // a thread that Fork made begins
	Began  func() // a vCPU that Start started begins; it never returns
}

//lint:ignore U1000 the assembly code reads it
var handlers Handlers

// Handle says who answers.
func Handle(h Handlers) { handlers = h }

// StateSize is how many bytes the state of the floating-point and vector registers has.
func StateSize() uint64 { return This().stateSize }

// Resume goes on where a frame and a state of the vector registers say, and never returns. The word below the FS base is
// as the frame was taken.
func Resume(f *Frame, state, fsG uint64) {
	f.fsG = fsG
	resume(hypercalls.Address(f), state)
}

// G is the runtime's g that was current in the program.
func (c *Call) G() uint64 { return c.fsG }

func resume(frame, state uint64)

// traps has a line for each vector, and ends with an empty one.
var traps [18]hypercall.TrapInfo

func fillTraps() {
	stubs := [...]struct {
		vector uint8
		at     uint64
	}{
		{0, stub0()}, {1, stub1()}, {3, stub3()}, {4, stub4()}, {5, stub5()}, {6, stub6()}, {7, stub7()}, {10, stub10()}, {11, stub11()},
		{12, stub12()}, {13, stub13()}, {14, stub14()}, {16, stub16()}, {17, stub17()}, {18, stub18()}, {19, stub19()},
	}
	for i, s := range stubs {
		const kernel = 1
		traps[i] = hypercall.TrapInfo{Vector: s.vector, CS: hypercall.FLAT_KERNEL_CS, Address: s.at}
		traps[i].SetFlags(kernel, true)
	}
}
