#include "textflag.h"

TEXT ·syscallTwice(SB), NOSPLIT, $0-0
	MOVL $0x1234, DX
	STC
	SYSCALL
	MOVQ CX, R8
	MOVQ R11, R9
	SYSCALL
	UNDEF
	RET
