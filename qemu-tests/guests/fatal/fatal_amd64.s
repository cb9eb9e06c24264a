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

// func fetchOn(sp, at uint64)
TEXT ·fetchOn(SB), NOSPLIT, $0-16
	MOVQ sp+0(FP), AX
	MOVQ at+8(FP), CX
	MOVQ AX, SP
	JMP  CX

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

TEXT goBack<>(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ ·back(SB), SP
	MOVL $23, AX // iret
	SYSCALL
	UNDEF

// func goBackAt() uint64
TEXT ·goBackAt(SB), NOSPLIT, $0-8
	LEAQ goBack<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// callForEver is begun anew at each return: it makes a system call, and the next time a page fault.
TEXT callForEver<>(SB), NOSPLIT|NOFRAME, $0-0
	XORQ $1, R12
	JEQ  touch
	SYSCALL

touch:
	MOVQ (DI), AX
	UNDEF

// func callForEverAt() uint64
TEXT ·callForEverAt(SB), NOSPLIT, $0-8
	LEAQ callForEver<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET
