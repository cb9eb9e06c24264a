#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

// seize installs the probe's gates, and its callbacks, of which that for events is in BX.
TEXT ·seize(SB), NOSPLIT|NOFRAME, $0-0
	MOVB $1, MASK
	MOVL $nrSetTrapTable, AX
	LEAQ ·gates(SB), DI
	SYSCALL
	MOVL $nrSetCallbacks, AX
	MOVQ BX, DI
	LEAQ tuco∕guestlib∕cpu·failsafe(SB), SI
	LEAQ ·systemCall(SB), DX
	SYSCALL
	MOVB $0, MASK
	RET

// release gives the library its own back, and lets it look for events.
TEXT ·release(SB), NOSPLIT|NOFRAME, $0-0
	MOVB $1, MASK
	MOVL $nrSetTrapTable, AX
	LEAQ tuco∕guestlib∕cpu·traps(SB), DI
	SYSCALL
	MOVL $nrSetCallbacks, AX
	LEAQ tuco∕guestlib∕cpu·event(SB), DI
	LEAQ tuco∕guestlib∕cpu·failsafe(SB), SI
	XORL DX, DX
	SYSCALL
	JMP  ·look(SB)

// look lets the library look at all ports for events.
TEXT ·look(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ $-1, WORDS
	MOVB $1, PENDING
	MOVB $0, MASK
	MOVL $nrXenVersion, AX // any hypercall lets the hypervisor deliver it
	XORL DI, DI
	SYSCALL
	RET

// ignored takes an event, and leaves all but the vCPU's flag as it is.
TEXT ·ignored(SB), NOSPLIT|NOFRAME, $0-0
	MOVB $0, PENDING
	IRET(0)

TEXT ·gateBreakpoint(SB), NOSPLIT|NOFRAME, $0-0
	IRET(0)

// gateInvalid passes over UD2.
TEXT ·gateInvalid(SB), NOSPLIT|NOFRAME, $0-0
	ADDQ $2, 16(SP)
	IRET(0)

// gatePage passes over an instruction of two bytes. The frame has an error code.
TEXT ·gatePage(SB), NOSPLIT|NOFRAME, $0-0
	POPQ  CX
	POPQ  R11
	ADDQ  $8, SP
	ADDQ  $2, (SP)
	PUSHQ $0
	PUSHQ CX
	PUSHQ R11
	PUSHQ AX
	MOVL  $nrIret, AX
	SYSCALL

// func handlers() (breakpoint, invalid, page uint64)
TEXT ·handlers(SB), NOSPLIT, $0-24
	LEAQ ·gateBreakpoint(SB), AX
	MOVQ AX, breakpoint+0(FP)
	LEAQ ·gateInvalid(SB), AX
	MOVQ AX, invalid+8(FP)
	LEAQ ·gatePage(SB), AX
	MOVQ AX, page+16(FP)
	RET
