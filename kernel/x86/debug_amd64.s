#include "textflag.h"

// Go's assembler knows some of the debug registers only.
#define MOVQ_CX_DR(n) BYTE $0x0f; BYTE $0x23; BYTE $(0xc1 + 8*n)

TEXT ·SetBreakpoints(SB), NOSPLIT, $0-8
	MOVQ addresses+0(FP), AX
	MOVQ 0(AX), CX
	MOVQ_CX_DR(0)
	MOVQ 8(AX), CX
	MOVQ_CX_DR(1)
	MOVQ 16(AX), CX
	MOVQ_CX_DR(2)
	MOVQ 24(AX), CX
	MOVQ_CX_DR(3)
	RET
