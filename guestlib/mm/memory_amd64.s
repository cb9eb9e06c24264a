#include "textflag.h"

// func zero(va, size uint64)
//
// The size is a multiple of 256. Where this runs, the vector registers are saved or nobody's.
TEXT ·zero(SB), NOSPLIT, $0-16
	MOVQ  va+0(FP), DI
	MOVQ  size+8(FP), CX
	XORPS X0, X0
	JMP   check

more:
	MOVUPS X0, 0(DI)
	MOVUPS X0, 16(DI)
	MOVUPS X0, 32(DI)
	MOVUPS X0, 48(DI)
	MOVUPS X0, 64(DI)
	MOVUPS X0, 80(DI)
	MOVUPS X0, 96(DI)
	MOVUPS X0, 112(DI)
	MOVUPS X0, 128(DI)
	MOVUPS X0, 144(DI)
	MOVUPS X0, 160(DI)
	MOVUPS X0, 176(DI)
	MOVUPS X0, 192(DI)
	MOVUPS X0, 208(DI)
	MOVUPS X0, 224(DI)
	MOVUPS X0, 240(DI)
	ADDQ   $256, DI
	SUBQ   $256, CX

check:
	CMPQ CX, $256
	JAE  more
	RET
