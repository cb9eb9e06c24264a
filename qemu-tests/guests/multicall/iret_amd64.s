#include "textflag.h"

#define nrMulticall 13
#define frameWords 9

// func leave(list *hypercall.MulticallEntry, n uint64, frame *hypercall.IretContext)
TEXT ·leave(SB), NOSPLIT|NOFRAME, $0-24
	MOVQ list+0(FP), R8
	MOVQ n+8(FP), R9
	MOVQ frame+16(FP), SI
	MOVQ SP, ·kernelStack(SB)
	SUBQ $(frameWords*8), SP
	MOVQ SP, DI
	MOVQ $frameWords, CX
	CLD
	REP
	MOVSQ
	MOVL $nrMulticall, AX
	MOVQ R8, DI
	MOVQ R9, SI
	SYSCALL
	UNDEF

// func callKernel()
TEXT ·callKernel(SB), NOSPLIT|NOFRAME, $0-0
	SYSCALL
	UNDEF

// func undefined()
TEXT ·undefined(SB), NOSPLIT|NOFRAME, $0-0
	UNDEF
