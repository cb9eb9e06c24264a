#include "funcdata.h"
#include "textflag.h"

#define ENOSYS 38

// func Call(number, a1, a2, a3, a4, a5 uintptr) (result uintptr)
TEXT ·Call(SB), NOSPLIT, $8-56 // nothing may move: arguments may be addresses on the stack
	NO_LOCAL_POINTERS
	MOVQ  ·entry(SB), R11
	MOVQ  $-ENOSYS, AX
	TESTQ R11, R11
	JEQ   done
	MOVQ  number+0(FP), AX
	MOVQ  a1+8(FP), DI
	MOVQ  a2+16(FP), SI
	MOVQ  a3+24(FP), DX
	MOVQ  a4+32(FP), R10
	MOVQ  a5+40(FP), R8
	CALL  R11

done:
	MOVQ AX, result+48(FP)
	RET
