#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

// The ports' pending bits in the page that is shared with the hypervisor, whose address is in DX.
#define pendingBits 2048

// CLEAR makes it so that no event is pending: the port's is not, and of others the vCPU is told again later. It changes AX and DX.
#define CLEAR \
	MOVB $0, PENDING \
	MOVQ $0, WORDS \
	MOVQ tuco∕guestlib∕upcall·shared(SB), DX \
	MOVL ·port(SB), AX \
	LOCK \
	BTRQ AX, pendingBits(DX)

// func event(raise, wait *Call)
TEXT ·event(SB), $256-16
	MOVQ $0, -128(SP) // see trap_amd64.s
	LEAQ ·taken(SB), BX
	CALL ·seize(SB)
	MOVB $1, MASK
	MOVQ raise+0(FP), BX
	MOVQ wait+8(FP), R14
	TESTQ R14, R14
	JNE  timer
	CLEAR
	MOVB $0, MASK
	JMP  ready

	// The timer's port is the library's, whose own time may have come just now. Events stay masked up to the wait, which unmasks
	// them: one that comes before it would be taken, and wake nobody.
timer:
	MOVL tuco∕guestlib∕upcall·owns(SB), AX // its first word: see upcall.own
	MOVL AX, ·port(SB)
	CLEAR

ready:
	COUNT(·before(SB))
	LOAD
	BEGIN
	REST
	SYSCALL
	MOVQ AX, R13
	TESTQ R14, R14
	JEQ  raised
	MOVQ R14, BX
	LOAD
	REST
	SYSCALL

raised:
	MOVQ R12, R14
	END
	COUNT(·after(SB))
	CALL ·release(SB)
	FOUND
	SUBL R14, ·entered(SB)
	RET

// taken takes the port's event.
TEXT ·taken(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ AX, ·takenAX(SB)
	MOVQ DX, ·takenDX(SB)
	LFENCE
	RDTSC
	MOVL AX, ·entered(SB)
	CLEAR
	MOVQ ·takenAX(SB), AX
	MOVQ ·takenDX(SB), DX
	IRET(0)

GLOBL ·takenAX(SB), NOPTR, $8
GLOBL ·takenDX(SB), NOPTR, $8

// func masked(raise *Call)
TEXT ·masked(SB), $256-8
	MOVQ $0, -128(SP)
	MOVB $1, MASK
	CLEAR
	COUNT(·before(SB))
	MOVQ raise+0(FP), BX
	LOAD
	BEGIN
	REST
	SYSCALL
	MOVQ AX, R13
	END
	COUNT(·after(SB))
	CLEAR
	CALL ·look(SB)
	FOUND
	RET
