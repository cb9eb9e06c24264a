#include "textflag.h"

// func lookAt(selector uint64)
TEXT ·lookAt(SB), NOSPLIT, $0-8
	MOVQ selector+0(FP), AX
	BYTE $0x0f; BYTE $0x03; BYTE $0xc0 // LSLL AX, AX
	RET
