#include "textflag.h"

// func in8(port uint16) uint32
TEXT ·in8(SB), NOSPLIT, $0-12
	MOVW port+0(FP), DX
	XORL AX, AX
	INB
	MOVL AX, ret+8(FP)
	RET

// func in16(port uint16) uint32
TEXT ·in16(SB), NOSPLIT, $0-12
	MOVW port+0(FP), DX
	XORL AX, AX
	INW
	MOVL AX, ret+8(FP)
	RET

// func in32(port uint16) uint32
TEXT ·in32(SB), NOSPLIT, $0-12
	MOVW port+0(FP), DX
	INL
	MOVL AX, ret+8(FP)
	RET

// func out8(port uint16, value uint32)
TEXT ·out8(SB), NOSPLIT, $0-8
	MOVW port+0(FP), DX
	MOVL value+4(FP), AX
	OUTB
	RET

// func out16(port uint16, value uint32)
TEXT ·out16(SB), NOSPLIT, $0-8
	MOVW port+0(FP), DX
	MOVL value+4(FP), AX
	OUTW
	RET

// func out32(port uint16, value uint32)
TEXT ·out32(SB), NOSPLIT, $0-8
	MOVW port+0(FP), DX
	MOVL value+4(FP), AX
	OUTL
	RET
