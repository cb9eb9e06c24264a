#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

// LOAD loads the arguments of the call at BX that reading the time stamp counter leaves alone.
#define LOAD \
	MOVQ (Call_Args+0)(BX), DI \
	MOVQ (Call_Args+8)(BX), SI \
	MOVQ (Call_Args+24)(BX), R10 \
	MOVQ (Call_Args+32)(BX), R8

// func nothing()
TEXT ·nothing(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	BEGIN
	END
	COUNT(·after(SB))
	MOVQ R12, ·ticks(SB)
	RET

// func timed(c *Call)
TEXT ·timed(SB), NOSPLIT, $0-8
	COUNT(·before(SB))
	MOVQ c+0(FP), BX
	LOAD
	BEGIN
	MOVQ Call_Number(BX), AX
	MOVQ (Call_Args+16)(BX), DX
	SYSCALL
	MOVQ AX, R13
	END
	COUNT(·after(SB))
	MOVQ R12, ·ticks(SB)
	MOVQ R13, ·result(SB)
	RET

// func sameFS()
TEXT ·sameFS(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	XORL DI, DI // SEGBASE_FS
	RDFSBASEQ SI
	BEGIN
	MOVL $nrSetSegmentBase, AX
	SYSCALL
	MOVQ AX, R13
	END
	COUNT(·after(SB))
	MOVQ R12, ·ticks(SB)
	MOVQ R13, ·result(SB)
	RET

// func both(first, second *Call)
TEXT ·both(SB), NOSPLIT, $0-16
	COUNT(·before(SB))
	MOVQ first+0(FP), BX
	MOVQ second+8(FP), R14
	LOAD
	BEGIN
	MOVQ Call_Number(BX), AX
	MOVQ (Call_Args+16)(BX), DX
	SYSCALL
	MOVQ AX, R13
	MOVQ R14, BX
	LOAD
	MOVQ Call_Number(BX), AX
	MOVQ (Call_Args+16)(BX), DX
	SYSCALL
	ORQ AX, R13 // errors are negative, and what comes here succeeds with 0
	END
	COUNT(·after(SB))
	MOVQ R12, ·ticks(SB)
	MOVQ R13, ·result(SB)
	RET
