package idt

import (
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Frame is the state that an exception or interrupt stopped, as it lies on the
// handler's stack. What a handler changes takes effect on return.
type Frame struct {
	_ uint64 // the called function may keep its argument here: Go's calling convention
	//lint:ignore U1000 the assembly code refers to it
	fsBase uint64 // of the code that was stopped, where the handler's differs
	//lint:ignore U1000 the assembly code refers to them
	xmm0, xmm14, xmm15 [16]byte

	R15, R14, R13, R12, R11, R10, R9, R8 uint64
	RDI, RSI, RBP, RBX, RDX, RCX, RAX    uint64

	stub uint64 // return address into the stubs, which tells the vector

	ErrorCode uint64 // 0 where the exception has none
	RIP       frame.VAddr
	CS        uint64
	RFLAGS    uint64
	RSP       frame.VAddr
	SS        uint64
}

// Common tells whether a backtrace has met the code that all handlers are called
// from: entry is the function's first byte. The stack pointer after the return
// to it is the address of a Frame.
func Common(entry frame.VAddr) bool { return entry == commonStart() }

// Vector tells what came.
func (f *Frame) Vector() x86.Vector {
	return x86.Vector((f.stub - uint64(stubs()) - stubSize) / stubSize)
}
