#include "textflag.h"

// func useRegisters()
TEXT ·useRegisters(SB), NOSPLIT, $0-0
	PCMPEQL X0, X0
	PCMPEQL X14, X14
	PCMPEQL X15, X15
	RET

// func useX87()
TEXT ·useX87(SB), NOSPLIT, $0-0
	BYTE $0xd9; BYTE $0xe8 // FLD1
	RET

#define FILL(r, n) MOVQ $n, r
#define SAME(r, n) MOVQ $n, AX; CMPQ r, AX; JNE changed

// func interruptedAsGuest(came *uint32) (wrong bool)
//
// It lets interrupts in with a guest's registers in place, none of which is of any use to a handler.
TEXT ·interruptedAsGuest(SB), NOSPLIT, $0-9
	MOVQ    came+0(FP), DI
	PCMPEQL X0, X0
	PCMPEQL X14, X14
	PCMPEQL X15, X15
	FILL(CX, 0x0101010101010101)
	FILL(DX, 0x0202020202020202)
	FILL(BX, 0x0303030303030303)
	FILL(SI, 0x0606060606060606)
	FILL(R8, 0x0808080808080808)
	FILL(R9, 0x0909090909090909)
	FILL(R10, 0x8a0a0a0a0a0a0a0a)
	FILL(R11, 0x8b0b0b0b0b0b0b0b)
	FILL(R12, 0x8c0c0c0c0c0c0c0c)
	FILL(R13, 0x8d0d0d0d0d0d0d0d)
	FILL(R14, 0x8e0e0e0e0e0e0e0e)
	FILL(R15, 0x8f0f0f0f0f0f0f0f)
	MOVL    $(1<<24), AX
	STI

wait:
	PAUSE
	DECL AX
	JZ   waited
	CMPL (DI), $0
	JEQ  wait

waited:
	CLI
	SAME(CX, 0x0101010101010101)
	SAME(DX, 0x0202020202020202)
	SAME(BX, 0x0303030303030303)
	SAME(SI, 0x0606060606060606)
	SAME(R8, 0x0808080808080808)
	SAME(R9, 0x0909090909090909)
	SAME(R10, 0x8a0a0a0a0a0a0a0a)
	SAME(R11, 0x8b0b0b0b0b0b0b0b)
	SAME(R12, 0x8c0c0c0c0c0c0c0c)
	SAME(R13, 0x8d0d0d0d0d0d0d0d)
	SAME(R14, 0x8e0e0e0e0e0e0e0e)
	SAME(R15, 0x8f0f0f0f0f0f0f0f)
	PAND X14, X0
	PAND X15, X0
	PMOVMSKB X0, AX
	CMPL AX, $0xffff
	JNE  changed
	MOVB $0, wrong+8(FP)
	RET

changed:
	MOVB $1, wrong+8(FP)
	RET
