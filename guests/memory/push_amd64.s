#include "textflag.h"

// func push(sp uint64)
TEXT ·push(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ sp+0(FP), SP

more:
	PUSHQ $0
	JMP   more
