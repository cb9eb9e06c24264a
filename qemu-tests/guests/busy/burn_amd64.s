#include "textflag.h"

// Nothing, and quickly so where an emulator translates it, whatever time it counts for it.
#define NOP8 BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90
#define NOP64 NOP8; NOP8; NOP8; NOP8; NOP8; NOP8; NOP8; NOP8

// func burn(turns uint64)
TEXT ·burn(SB), NOSPLIT, $0-8
	MOVQ turns+0(FP), CX
again:
	NOP64
	NOP64
	NOP64
	NOP64
	DECQ CX
	JNZ  again
	PAUSE
	RET
