#include "go_asm.h"
#include "textflag.h"

#define MSR_FS_BASE 0xc0000100

// begin makes Go code possible on this CPU and calls it.
//
//	BX  the CPU; the g and TLS of its main stack are set
//	DX  a func value
//	AX  its argument
//
// Every backtrace ends here.
TEXT ·begin(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ CPU_g(BX), R14
	MOVQ G_stackHigh(R14), SP
	MOVQ AX, SI
	MOVQ DX, DI
	LEAQ (CPU_tls+8)(BX), AX
	MOVQ AX, DX
	SHRQ $32, DX
	MOVL $MSR_FS_BASE, CX
	WRMSR
	MOVQ SI, AX
	MOVQ DI, DX
	XORPS X15, X15
	PUSHQ $0 // keeps the stack aligned as after a call
	CALL (DX)
	INT $3

// bootCPU is begin for the boot CPU, whose first stack lies in the image.
//
//	DX  a func value
//	AX  its argument
TEXT ·bootCPU(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ ·cpus(SB), BX
	LEAQ CPU_g(BX), CX
	MOVQ CX, CPU_tls(BX)
	LEAQ ·bootStack(SB), SI
	MOVQ SI, G_stackLow(CX)
	LEAQ const_bootStackSize(SI), DI
	MOVQ DI, G_stackHigh(CX)
	ADDQ $const_stackGuard, SI
	MOVQ SI, G_stackguard0(CX)
	MOVQ SI, G_stackguard1(CX)
	JMP  ·begin(SB)

// func run(c *CPU, f func(*CPU))
TEXT ·run(SB), NOSPLIT, $0-16
	MOVQ c+0(FP), BX
	MOVQ f+8(FP), DX
	MOVQ BX, AX
	JMP  ·begin(SB)

// adopt gives a handler the g of the stack that it is on, and where the processor
// switched to another stack, the FS base too. It is called with the stack pointer on it,
// and answers in AX with the FS base that was in place, or 0 where that did not change.
// Clobbers AX, BX, CX, DX, SI, and R14, which may have been a guest's.
TEXT ·adopt(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ $const_stacks, BX
	MOVQ SP, AX
	SUBQ BX, AX
	SHRQ $const_stackSlotShift, AX
	CMPQ AX, $const_stackSlots
	JAE  same // the boot CPU's first stack
	MOVQ AX, BX
	SHRQ $const_stacksPerCPUShift, BX
	IMULQ $CPU__size, BX
	LEAQ ·cpus(SB), CX
	ADDQ CX, BX
	ANDQ $(const_stacksPerCPU-1), AX
	JZ   main
	IMUL3Q $G__size, AX, SI
	LEAQ CPU_g(BX)(SI*1), R14
	IMUL3Q $TLS__size, AX, SI
	LEAQ (CPU_tls+8)(BX)(SI*1), SI
	MOVL $MSR_FS_BASE, CX
	RDMSR
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, BX
	MOVQ SI, AX
	MOVQ SI, DX
	SHRQ $32, DX
	WRMSR
	MOVQ BX, AX
	RET

main:
	LEAQ CPU_g(BX), R14

same:
	XORL AX, AX
	RET

// release undoes adopt; AX is adopt's answer. Clobbers AX, CX, DX.
TEXT ·release(SB), NOSPLIT|NOFRAME, $0-0
	TESTQ AX, AX
	JZ    done
	MOVQ  AX, DX
	SHRQ  $32, DX
	MOVL  $MSR_FS_BASE, CX
	WRMSR

done:
	RET
