#include "textflag.h"

// func zero(va, size uint64)
TEXT ·zero(SB), NOSPLIT, $0-16
	MOVQ va+0(FP), DI
	MOVQ size+8(FP), CX
	SHRQ $3, CX
	XORL AX, AX
	CLD
	REP; STOSQ
	RET
