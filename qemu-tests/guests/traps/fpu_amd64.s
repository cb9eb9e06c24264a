#include "../pv/code_amd64.h"
#include "textflag.h"

#define TASKSWITCH(set) MOVL $5, AX; MOVL $set, DI; SYSCALL
#define USE MOVUPS (SP), X0

TEXT ·switchAndUse(SB), NOSPLIT, $16-0
	TASKSWITCH(1)
	USE
	RET

TEXT ·switchTwiceAndUse(SB), NOSPLIT, $16-0
	TASKSWITCH(1)
	TASKSWITCH(0)
	USE
	RET

TEXT ·setTSAndUse(SB), NOSPLIT, $16-0
	MOVQ CR0, AX
	ORQ  $8, AX
	MOVQ AX, CR0
	USE
	RET

TEXT ·setTSClearAndUse(SB), NOSPLIT, $16-0
	MOVQ CR0, AX
	ORQ  $8, AX
	MOVQ AX, CR0
	CLTS
	USE
	RET

// With the exceptions unmasked, 1/0 is reported by the next waiting instruction.
TEXT ·x87Error(SB), NOSPLIT, $16-0
	BYTE $0xdb; BYTE $0xe3 // FNINIT
	MOVW $0x37b, AX        // all masked but division by zero
	MOVW AX, 0(SP)
	FLDCW 0(SP)
	FLD1
	FLDZ
	FDIVDP F0, F1
	BYTE $0x9b             // FWAIT
	DONE
	RET

TEXT ·simdError(SB), NOSPLIT, $16-0
	MOVL    $0x1d80, AX // all masked but division by zero
	MOVL    AX, 0(SP)
	LDMXCSR 0(SP)
	XORPS   X0, X0
	MOVL    $0x3f800000, AX
	MOVQ    AX, X1
	DIVSS   X0, X1
	DONE
	RET

TEXT ·resetFPU(SB), NOSPLIT, $16-0
	BYTE    $0xdb; BYTE $0xe3 // FNINIT
	MOVL    $0x1f80, AX
	MOVL    AX, 0(SP)
	LDMXCSR 0(SP)
	RET

#define flagAC 0x40000

TEXT ·misalignedRead(SB), NOSPLIT, $32-0
	PUSHFQ
	ORQ $flagAC, (SP)
	POPFQ
	MOVQ 1(SP), AX
	PUSHFQ
	ANDQ $~flagAC, (SP)
	POPFQ
	DONE
	RET
