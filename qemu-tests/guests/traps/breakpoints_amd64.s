#include "textflag.h"

TEXT ·writeWatched(SB), NOSPLIT, $0-0
	MOVQ AX, ·watched(SB)
	BYTE $0x90
	UNDEF
	RET
