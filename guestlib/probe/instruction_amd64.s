#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

// Instructions that the hypervisor makes in the guest's place.

// func forcedCPUID()
TEXT ·forcedCPUID(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	BEGIN
	XORL AX, AX
	XORL CX, CX
	BYTE $0x0f; BYTE $0x0b; BYTE $0x78; BYTE $0x65; BYTE $0x6e // XEN_EMULATE_PREFIX
	CPUID
	END
	COUNT(·after(SB))
	KEEP
	RET

// func readEFER()
TEXT ·readEFER(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	BEGIN
	MOVL $0xc0000080, CX
	RDMSR
	END
	COUNT(·after(SB))
	KEEP
	RET

// func readCR3()
TEXT ·readCR3(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	BEGIN
	MOVQ CR3, AX
	END
	COUNT(·after(SB))
	KEEP
	RET

// func writePort()
TEXT ·writePort(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	BEGIN
	XORL AX, AX
	OUTB $0x80
	END
	COUNT(·after(SB))
	KEEP
	RET

// func write(at, value uint64)
TEXT ·write(SB), NOSPLIT, $0-16
	COUNT(·before(SB))
	MOVQ at+0(FP), BX
	MOVQ value+8(FP), SI
	BEGIN
	MOVQ SI, (BX)
	END
	COUNT(·after(SB))
	KEEP
	RET
