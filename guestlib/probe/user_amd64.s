#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

#define userCS 0xe033
#define flatSS 0xe02b
#define userFlags 0x202 // events unmasked, as programs run
#define inSyscall 0x100

// func userMode(what uint64)
TEXT ·userMode(SB), $256-8
	MOVQ $0, -256(SP) // see trap_amd64.s
	MOVQ what+0(FP), R14
	LEAQ ·ignored(SB), BX
	CALL ·seize(SB)
	COUNT(·before(SB))
	CALL ·visit(SB)
	COUNT(·after(SB))
	CALL ·release(SB)
	KEEP
	RET

// visit goes to user mode, and returns when that has made its last call. The kernel is entered on the same stack.
TEXT ·visit(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ  SP, R15
	MOVL  $nrStackSwitch, AX
	MOVL  $flatSS, DI
	MOVQ  R15, SI
	SYSCALL
	PUSHQ $flatSS
	PUSHQ R15
	PUSHQ $userFlags
	PUSHQ $userCS
	LEAQ  ·userCode(SB), AX
	PUSHQ AX
	PUSHQ $0
	PUSHQ $0
	PUSHQ $0
	PUSHQ $0
	MOVL  $nrIret, AX
	SYSCALL

// userCode runs in user mode. It uses no memory.
TEXT ·userCode(SB), NOSPLIT|NOFRAME, $0-0
	XORL BX, BX
	CMPQ R14, $const_userCalls
	JEQ  calls
	CMPQ R14, $const_userInterrupts
	JEQ  interrupts
	JMP  last

calls:
	BEGIN
	SYSCALL
	END
	JMP last

interrupts:
	BEGIN
	INT $0x80
	END

last:
	MOVL $1, BX
	SYSCALL

// systemCall is where SYSCALL of user mode comes. BX tells if it is the last.
TEXT ·systemCall(SB), NOSPLIT|NOFRAME, $0-0
	TESTL BX, BX
	JEQ   return
	JMP   ·visited(SB)

return:
	IRET(inSyscall)

TEXT ·visited(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ R15, SP
	RET
