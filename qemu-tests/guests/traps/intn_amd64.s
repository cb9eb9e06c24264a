#include "textflag.h"

TEXT ·int20(SB), NOSPLIT, $0-0
	INT $0x20
	RET

TEXT ·int80(SB), NOSPLIT, $0-0
	INT $0x80
	RET
