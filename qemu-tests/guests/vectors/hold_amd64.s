#include "textflag.h"

#define FILL(x) \
	MOVQ BX, x; PUNPCKLQDQ x, x; ADDQ BX, BX; INCQ BX

// Compares a register with the word that it was filled with; X0 is free by then.
#define LOOK(x) \
	MOVQ BX, AX; MOVQ x, CX; CMPQ AX, CX; JNE 4(PC); PSRLO $8, x; MOVQ x, CX; CMPQ AX, CX; JEQ 2(PC); INCQ R12; ADDQ BX, BX; INCQ BX

// func hold(seed uint64) (wrong uint64)
TEXT ·hold(SB), NOSPLIT, $16-16
	MOVQ seed+0(FP), BX
	MOVQ BX, R13

	// Rounding: another mode for each seed, in MXCSR and in the x87 control word.
	MOVL BX, AX
	ANDL $3, AX
	MOVL AX, CX
	SHLL $13, AX
	ORL  $0x1f80, AX
	MOVL AX, 0(SP)
	LDMXCSR 0(SP)
	SHLL $10, CX
	ORL  $0x37f, CX
	MOVL CX, 4(SP)
	FLDCW 4(SP)

	FILL(X0)
	FILL(X1)
	FILL(X2)
	FILL(X3)
	FILL(X4)
	FILL(X5)
	FILL(X6)
	FILL(X7)
	FILL(X8)
	FILL(X9)
	FILL(X10)
	FILL(X11)
	FILL(X12)
	FILL(X13)
	FILL(X14)
	FILL(X15)

	MOVL $29, AX // sched_op
	MOVL $0, DI  // SCHEDOP_yield
	SYSCALL

	XORQ R12, R12
	MOVQ R13, BX
	LOOK(X0)
	LOOK(X1)
	LOOK(X2)
	LOOK(X3)
	LOOK(X4)
	LOOK(X5)
	LOOK(X6)
	LOOK(X7)
	LOOK(X8)
	LOOK(X9)
	LOOK(X10)
	LOOK(X11)
	LOOK(X12)
	LOOK(X13)
	LOOK(X14)
	LOOK(X15)

	STMXCSR 8(SP)
	MOVL 8(SP), AX
	ANDL $0xffc0, AX // without the flags
	MOVL 0(SP), CX
	CMPL AX, CX
	JEQ  2(PC)
	INCQ R12
	FSTCW 12(SP)
	MOVWLZX 12(SP), AX
	MOVL 4(SP), CX
	CMPL AX, CX
	JEQ  2(PC)
	INCQ R12

	MOVL $0x1f80, AX
	MOVL AX, 0(SP)
	LDMXCSR 0(SP)
	BYTE $0xdb; BYTE $0xe3 // FNINIT
	XORPS X15, X15 // as compiled code expects it
	MOVQ R12, wrong+8(FP)
	RET
