#include "textflag.h"

#define flags 0x44400 // DF, NT, AC

TEXT ·flagsAndTrap(SB), NOSPLIT, $0-0
	PUSHFQ
	ORQ $flags, (SP)
	POPFQ
	UNDEF
	RET
