#include "textflag.h"

// func trap()
TEXT ·trap(SB), NOSPLIT|NOFRAME, $0-0
	INT $0x30 // idt.BugVector
	RET

// func trapped() frame.VAddr
TEXT ·trapped(SB), NOSPLIT, $0-8
	LEAQ ·trap+2(SB), AX // past the INT
	MOVQ AX, ret+0(FP)
	RET

// func provokeGuard()
TEXT ·provokeGuard(SB), NOSPLIT|NOFRAME, $0-0
again:
	PUSHQ AX
	JMP   again

// func provokeExecute()
TEXT ·provokeExecute(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ $0x0101010101010101, CX
	MOVQ $0x0202020202020202, DX
	MOVQ $0x0303030303030303, BX
	MOVQ $0x0606060606060606, SI
	MOVQ $0x0707070707070707, DI
	MOVQ $0x0808080808080808, R8
	MOVQ $0x0909090909090909, R9
	MOVQ $0x0a0a0a0a0a0a0a0a, R10
	MOVQ $0x0b0b0b0b0b0b0b0b, R11
	MOVQ $0x0c0c0c0c0c0c0c0c, R12
	MOVQ $0x0d0d0d0d0d0d0d0d, R13
	MOVQ $0x0e0e0e0e0e0e0e0e, R14
	MOVQ $0x0f0f0f0f0f0f0f0f, R15
	LEAQ ·reason(SB), AX
	JMP  AX
