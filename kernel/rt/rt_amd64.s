#include "textflag.h"

// These stand where ABIInternal functions of the runtime stood: arguments in
// AX, BX, CX, DI; all registers but SP, BP, R14 and X15 may change.

// func Link()
TEXT ·Link(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ ·linked(SB), AX
	LEAQ ·memmove(SB), AX
	LEAQ ·memclr(SB), AX
	LEAQ ·memequal(SB), AX
	LEAQ ·memequalVarlen(SB), AX
	LEAQ ·cmpstring(SB), AX
	LEAQ ·stackOverflow(SB), AX
	RET

// memmove copies CX bytes from BX to AX; the two may overlap.
TEXT ·memmove(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ AX, DI
	MOVQ BX, SI
	CMPQ CX, $16
	JA   over16
	CMPQ CX, $8
	JAE  upTo16
	CMPQ CX, $4
	JAE  upTo8
	CMPQ CX, $2
	JAE  upTo4
	TESTQ CX, CX
	JZ   done
	MOVB (SI), AX
	MOVB AX, (DI)

done:
	RET

upTo4: // here and below, overlapping moves: all loads before the stores
	MOVW (SI), AX
	MOVW -2(SI)(CX*1), BX
	MOVW AX, (DI)
	MOVW BX, -2(DI)(CX*1)
	RET

upTo8:
	MOVL (SI), AX
	MOVL -4(SI)(CX*1), BX
	MOVL AX, (DI)
	MOVL BX, -4(DI)(CX*1)
	RET

upTo16:
	MOVQ (SI), AX
	MOVQ -8(SI)(CX*1), BX
	MOVQ AX, (DI)
	MOVQ BX, -8(DI)(CX*1)
	RET

upTo32:
	MOVQ (SI), AX
	MOVQ 8(SI), BX
	MOVQ -16(SI)(CX*1), DX
	MOVQ -8(SI)(CX*1), R8
	MOVQ AX, (DI)
	MOVQ BX, 8(DI)
	MOVQ DX, -16(DI)(CX*1)
	MOVQ R8, -8(DI)(CX*1)
	RET

upTo64:
	MOVQ (SI), AX
	MOVQ 8(SI), BX
	MOVQ 16(SI), DX
	MOVQ 24(SI), R8
	MOVQ -32(SI)(CX*1), R9
	MOVQ -24(SI)(CX*1), R10
	MOVQ -16(SI)(CX*1), R11
	MOVQ -8(SI)(CX*1), R12
	MOVQ AX, (DI)
	MOVQ BX, 8(DI)
	MOVQ DX, 16(DI)
	MOVQ R8, 24(DI)
	MOVQ R9, -32(DI)(CX*1)
	MOVQ R10, -24(DI)(CX*1)
	MOVQ R11, -16(DI)(CX*1)
	MOVQ R12, -8(DI)(CX*1)
	RET

over16:
	CMPQ CX, $32
	JBE  upTo32
	CMPQ CX, $64
	JBE  upTo64

	// A string instruction takes longer to begin than the moves above.
	MOVQ DI, AX
	SUBQ SI, AX
	CMPQ AX, CX
	JB   backward // the target begins inside the source

	// The last word is read first: the copy may overwrite it in the source.
	MOVQ -8(SI)(CX*1), R8
	LEAQ -8(DI)(CX*1), R9
	SHRQ $3, CX
	REP; MOVSQ
	MOVQ R8, (R9)
	RET

backward:
	MOVQ (SI), R8
	MOVQ DI, R9
	LEAQ -8(SI)(CX*1), SI
	LEAQ -8(DI)(CX*1), DI
	SHRQ $3, CX
	STD
	REP; MOVSQ
	CLD
	MOVQ R8, (R9)
	RET

// memclr zeroes BX bytes at AX. X15 is zero, as always in Go code.
TEXT ·memclr(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ AX, DI
	MOVQ BX, CX
	XORL AX, AX
	CMPQ CX, $256
	JAE  blocks

rest:
	CMPQ CX, $8
	JB   bytes
	MOVQ AX, -8(DI)(CX*1)
	SHRQ $3, CX
	REP; STOSQ
	RET

bytes:
	REP; STOSB
	RET

blocks: // pages, before all: they are zeroed each time that one is handed out
	SUBQ   $256, CX

block:
	MOVUPS X15, 0(DI)
	MOVUPS X15, 16(DI)
	MOVUPS X15, 32(DI)
	MOVUPS X15, 48(DI)
	MOVUPS X15, 64(DI)
	MOVUPS X15, 80(DI)
	MOVUPS X15, 96(DI)
	MOVUPS X15, 112(DI)
	MOVUPS X15, 128(DI)
	MOVUPS X15, 144(DI)
	MOVUPS X15, 160(DI)
	MOVUPS X15, 176(DI)
	MOVUPS X15, 192(DI)
	MOVUPS X15, 208(DI)
	MOVUPS X15, 224(DI)
	MOVUPS X15, 240(DI)
	ADDQ   $256, DI
	SUBQ   $256, CX
	JCC    block // as long as there are 256 more
	ADDQ   $256, CX
	JMP    rest

// memequal tells in AX whether CX bytes at AX and BX are alike.
TEXT ·memequal(SB), NOSPLIT|NOFRAME, $0-0
	CMPQ CX, $8
	JB   bytes

words:
	MOVQ (AX), DX
	CMPQ DX, (BX)
	JNE  differ
	ADDQ $8, AX
	ADDQ $8, BX
	SUBQ $8, CX
	CMPQ CX, $8
	JAE  words

bytes:
	TESTQ CX, CX
	JZ   same
	MOVB (AX), DX
	CMPB DX, (BX)
	JNE  differ
	INCQ AX
	INCQ BX
	DECQ CX
	JMP  bytes

same:
	MOVL $1, AX
	RET

differ:
	XORL AX, AX
	RET

// memequalVarlen is memequal with the length in the closure at DX.
TEXT ·memequalVarlen(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ 8(DX), CX
	JMP  ·memequal(SB)

// cmpstring compares the BX bytes at AX with the DI bytes at CX, and answers
// -1, 0 or 1 in AX.
TEXT ·cmpstring(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ    BX, R8
	CMPQ    DI, R8
	CMOVQLT DI, R8 // the shorter length

next:
	TESTQ   R8, R8
	JZ      lengths
	MOVBLZX (AX), R9
	MOVBLZX (CX), R10
	CMPL    R9, R10
	JNE     decided
	INCQ    AX
	INCQ    CX
	DECQ    R8
	JMP     next

lengths:
	CMPQ BX, DI

decided:
	SETHI  AL
	SETCS  BL
	SUBB   BL, AL
	MOVBQSX AL, AX
	RET

// stackOverflow takes the failed check in a function's prologue. The stack has
// no room to speak of, so it raises the vector that reports bugs on a stack of
// its own: BugVector of kernel/idt.
TEXT ·stackOverflow(SB), NOSPLIT|NOFRAME, $0-0
	INT $0x30
	RET

// func stackOverflowAt() uintptr
TEXT ·stackOverflowAt(SB), NOSPLIT, $0-8
	LEAQ ·stackOverflow(SB), AX
	MOVQ AX, ret+0(FP)
	RET
