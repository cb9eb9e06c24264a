#include "../pv/code_amd64.h"
#include "textflag.h"

TEXT ·cliSTI(SB), NOSPLIT, $0-0
	CLI
	STI
	DONE
	RET

// func popFlags() (flags uint64)
TEXT ·popFlags(SB), NOSPLIT, $8-8
	PUSHFQ
	ANDQ $~0x200, 0(SP)
	POPFQ
	PUSHFQ
	POPQ AX
	MOVQ AX, flags+0(FP)
	RET
