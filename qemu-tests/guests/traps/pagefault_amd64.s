#include "../pv/code_amd64.h"
#include "textflag.h"

TEXT ·readTarget(SB), NOSPLIT, $0-0
	MOVQ ·target(SB), CX
	MOVQ (CX), AX
	DONE
	RET

TEXT ·writeTarget(SB), NOSPLIT, $0-0
	MOVQ ·target(SB), CX
	MOVQ CX, (CX)
	DONE
	RET

TEXT ·jumpTarget(SB), NOSPLIT, $0-0
	MOVQ ·target(SB), CX
	CALL CX
	RET

// func readCR2() uint64
TEXT ·readCR2(SB), NOSPLIT, $0-8
	MOVQ CR2, AX
	MOVQ AX, ret+0(FP)
	RET
