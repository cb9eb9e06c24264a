#include "textflag.h"

// The hypercall page is the guest's first page: see guest.ld.
#define hypercallPage 0xffffffff80000000

#define LOAD \
	MOVQ n+0(FP), AX  \
	MOVQ a1+8(FP), DI \
	MOVQ a2+16(FP), SI \
	MOVQ a3+24(FP), DX \
	MOVQ a4+32(FP), R10 \
	MOVQ a5+40(FP), R8

// func Call(n hypercall.Number, a1, a2, a3, a4, a5 uint64) (result uint64)
TEXT ·Call(SB), NOSPLIT, $0-56
	LOAD
	MOVQ AX, CX
	SHLQ $5, CX // an entry has 32 bytes
	MOVQ $hypercallPage, BX
	ADDQ BX, CX
	CALL CX
	MOVQ AX, result+48(FP)
	RET

// func Syscall(n hypercall.Number, a1, a2, a3, a4, a5 uint64) (result uint64)
TEXT ·Syscall(SB), NOSPLIT, $0-56
	LOAD
	SYSCALL
	MOVQ AX, result+48(FP)
	RET
