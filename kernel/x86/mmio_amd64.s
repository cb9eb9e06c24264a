#include "textflag.h"

// func Load32(v frame.VAddr) uint32
TEXT ·Load32(SB), NOSPLIT, $0-12
	MOVQ v+0(FP), AX
	MOVL (AX), CX
	MOVL CX, ret+8(FP)
	RET

// func Store32(v frame.VAddr, value uint32)
TEXT ·Store32(SB), NOSPLIT, $0-12
	MOVQ v+0(FP), AX
	MOVL value+8(FP), CX
	MOVL CX, (AX)
	RET

// func Fence()
TEXT ·Fence(SB), NOSPLIT, $0-0
	MFENCE
	LFENCE
	RET

// func Store8(v frame.VAddr, value uint8)
TEXT ·Store8(SB), NOSPLIT, $0-9
	MOVQ v+0(FP), AX
	MOVB value+8(FP), CX
	MOVB CX, (AX)
	RET

// func Breakpoint()
TEXT ·Breakpoint(SB), NOSPLIT, $0-0
	BYTE $0xcc // INT3
	RET
