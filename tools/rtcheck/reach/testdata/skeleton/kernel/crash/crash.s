#include "textflag.h"

TEXT ·halt(SB), NOSPLIT, $0
	CLI
	HLT
	JMP -1(PC)

TEXT ·stack(SB), NOSPLIT|NOFRAME, $0
	JMP ·halt(SB)

// move(AX to, BX from, CX n), forwards only.
TEXT ·move(SB), NOSPLIT|NOFRAME, $0
	MOVQ AX, DI
	MOVQ BX, SI
	REP
	MOVSB
	RET

// clear(AX p, BX n)
TEXT ·clear(SB), NOSPLIT|NOFRAME, $0
	MOVQ AX, DI
	MOVQ BX, CX
	XORL AX, AX
	REP
	STOSB
	RET

// equal(AX p, BX q, CX n) AX
TEXT ·equal(SB), NOSPLIT|NOFRAME, $0
	MOVQ AX, DI
	MOVQ BX, SI
	CMPQ AX, AX
	REP
	CMPSB
	SETEQ AX
	RET

// targets refers to the handlers in assembly.
TEXT ·targets(SB), NOSPLIT, $0-8
	LEAQ ·stack(SB), AX
	LEAQ ·move(SB), AX
	LEAQ ·clear(SB), AX
	LEAQ ·equal(SB), AX
	MOVQ AX, ret+0(FP)
	RET
