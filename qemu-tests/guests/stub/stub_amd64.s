#include "go_asm.h"
#include "textflag.h"

#define CALL_STACK_SWITCH 3
#define CALL_VERSION 17
#define CALL_IRET 23
#define IN_SYSCALL 0x100
#define STACK_SELECTOR 0xe02b

#define TICKS RDTSC; SHLQ $32, DX; ORQ DX, AX

// What follows is entered with what the hypervisor pushed: RCX, R11, an error code for a page fault, RIP, CS, RFLAGS, RSP,
// SS. Iret takes RAX, R11, RCX, how, RIP and so on.

TEXT ·goBack(SB), NOSPLIT, $0-8
	LEAQ goBackCode<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT goBackCode<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ  $IN_SYSCALL, 8(SP)
	PUSHQ R11
	PUSHQ AX
	MOVL  $CALL_IRET, AX
	SYSCALL

TEXT ·goOn(SB), NOSPLIT, $0-8
	LEAQ goOnCode<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT goOnCode<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ  $0, 16(SP)
	ADDQ  $3, 24(SP)
	PUSHQ AX
	MOVL  $CALL_IRET, AX
	SYSCALL

TEXT ·syscallLoop(SB), NOSPLIT|NOFRAME, $0-0
	TICKS
	MOVQ AX, DI
	MOVL $const_times, BX

round:
	SYSCALL
	DECQ BX
	JNE  round
	TICKS
	SUBQ DI, AX
	MOVQ AX, SI
	UNDEF

// func faultLoop(at, n uint64) (ticks uint64)
TEXT ·faultLoop(SB), NOSPLIT, $0-24
	MOVQ at+0(FP), SI
	MOVQ n+8(FP), BX
	TICKS
	MOVQ AX, DI

round:
	MOVQ (SI), AX // three bytes
	DECQ BX
	JNE  round
	TICKS
	SUBQ DI, AX
	MOVQ AX, ticks+16(FP)
	RET

// func nullLoop(n uint64) (ticks uint64)
TEXT ·nullLoop(SB), NOSPLIT, $0-16
	MOVQ n+0(FP), BX
	TICKS
	MOVQ AX, R8
	XORL DI, DI

round:
	MOVL $CALL_VERSION, AX
	SYSCALL
	DECQ BX
	JNE  round
	TICKS
	SUBQ R8, AX
	MOVQ AX, ticks+8(FP)
	RET

TEXT ·readTarget(SB), NOSPLIT, $0-0
	MOVQ ·target(SB), CX
	MOVQ (CX), AX
	UNDEF

TEXT ·writeTarget(SB), NOSPLIT, $0-0
	MOVQ ·target(SB), CX
	MOVQ CX, (CX)
	UNDEF

TEXT ·jumpTarget(SB), NOSPLIT, $0-0
	MOVQ ·target(SB), CX
	JMP  CX

TEXT ·undefined(SB), NOSPLIT, $0-0
	UNDEF

TEXT ·readSecret(SB), NOSPLIT, $0-8
	LEAQ readSecretCode<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT readSecretCode<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ ·secret(SB), R8
	JMP  goBackCode<>(SB)

TEXT ·touchTwice(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ $0x5555, BX
	MOVQ $0x100000, SI
	XORL R8, R8
	SYSCALL
	MOVQ (SI), AX // three bytes
	INCQ R8
	SYSCALL
	UNDEF

TEXT ·switchBack(SB), NOSPLIT, $0-8
	LEAQ switchBackCode<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT switchBackCode<>(SB), NOSPLIT|NOFRAME, $0-0
	TESTQ R8, R8
	JEQ   back
	MOVL  $CALL_STACK_SWITCH, AX
	MOVQ  $STACK_SELECTOR, DI
	MOVQ  ·endAt(SB), SI
	SYSCALL

back:
	JMP goBackCode<>(SB)

TEXT ·flagsAndCall(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ   $0x100000, SI
	PUSHFQ
	ORQ    $0x244400, (SP) // ID, AC, NT, DF
	POPFQ
	SYSCALL
	MOVQ   (SI), AX // three bytes
	UNDEF

TEXT ·stormLoop(SB), NOSPLIT|NOFRAME, $0-0
round:
	SYSCALL
	MOVQ (SI), AX // three bytes
	INCQ R12
	MOVQ R13, CX

calm:
	DECQ CX
	JNS  calm
	CMPQ (DI), $0
	JEQ  round
	UNDEF
