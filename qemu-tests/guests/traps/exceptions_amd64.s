#include "textflag.h"

TEXT ·divide(SB), NOSPLIT, $0-0
	XORL DX, DX
	XORL CX, CX
	MOVL $1, AX
	DIVQ CX
	RET

TEXT ·undefined(SB), NOSPLIT, $0-0
	UNDEF
	RET

TEXT ·breakpoint(SB), NOSPLIT, $0-0
	BYTE $0xcc
	RET

TEXT ·breakpointLong(SB), NOSPLIT, $0-0
	BYTE $0xcd; BYTE $0x03
	RET

TEXT ·overflow(SB), NOSPLIT, $0-0
	BYTE $0xcd; BYTE $0x04
	RET

TEXT ·nonCanonical(SB), NOSPLIT, $0-0
	MOVQ $0x8000000000000000, CX
	MOVQ (CX), AX
	RET

TEXT ·nonCanonicalStack(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ BP
	MOVQ  $0x8000000000000000, CX
	MOVQ  CX, BP
	MOVQ  0(BP), AX
	POPQ  BP
	RET

// The entry has a null descriptor, below all that a guest may set or Xen reserves.
TEXT ·badSelector(SB), NOSPLIT, $0-0
	MOVL $0x103, AX
	MOVW AX, DS
	RET
