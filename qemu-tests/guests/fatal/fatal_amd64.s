#include "textflag.h"

TEXT ·undefined(SB), NOSPLIT, $0-0
	UNDEF
	RET

// func undefinedOn(sp uint64)
TEXT ·undefinedOn(SB), NOSPLIT, $0-8
	MOVQ sp+0(FP), AX
	MOVQ AX, SP
	UNDEF
	RET

// func iretFrom(sp uint64)
TEXT ·iretFrom(SB), NOSPLIT, $0-8
	MOVQ sp+0(FP), CX
	MOVQ CX, SP
	MOVL $23, AX
	SYSCALL
	UNDEF
	RET

TEXT ·userSyscall(SB), NOSPLIT, $0-0
	SYSCALL
	UNDEF
	RET
