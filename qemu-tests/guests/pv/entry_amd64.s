#include "go_asm.h"
#include "textflag.h"

#define nrSetSegmentBase 25
#define segbaseFS 0
#define segbaseGSKernel 2

// entry is where the hypervisor starts the guest: in kernel mode, with the address of the start_info in SI, on a stack
// of the builder's. prepare in Go repeats what is written to the CPU here.
TEXT ·entry(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ SP, ·AtEntry+EntryState_SP(SB)
	MOVQ SI, ·AtEntry+EntryState_SI(SB)
	MOVQ BP, ·AtEntry+EntryState_BP(SB)
	PUSHFQ
	POPQ AX
	MOVQ AX, ·AtEntry+EntryState_Flags(SB)
	MOVW CS, AX
	MOVW AX, ·AtEntry+EntryState_CS(SB)
	MOVW SS, AX
	MOVW AX, ·AtEntry+EntryState_SS(SB)
	MOVW DS, AX
	MOVW AX, ·AtEntry+EntryState_DS(SB)
	MOVW ES, AX
	MOVW AX, ·AtEntry+EntryState_ES(SB)
	MOVW FS, AX
	MOVW AX, ·AtEntry+EntryState_FS(SB)
	MOVW GS, AX
	MOVW AX, ·AtEntry+EntryState_GS(SB)
	STMXCSR ·AtEntry+EntryState_MXCSR(SB)
	FSTCW ·AtEntry+EntryState_FPUControl(SB)
	LEAQ ·linked(SB), AX // keeps the redirects' targets in the image
	LEAQ ·cpus(SB), BX
	LEAQ ·stacks(SB), AX
	MOVQ AX, (CPU_g+goroutine_stackLow)(BX)
	LEAQ const_stackGuard(AX), CX
	MOVQ CX, (CPU_g+goroutine_stackguard0)(BX)
	MOVQ CX, (CPU_g+goroutine_stackguard1)(BX)
	ADDQ $const_mainStack, AX
	MOVQ AX, (CPU_g+goroutine_stackHigh)(BX)
	LEAQ CPU_g(BX), CX
	MOVQ CX, CPU_tls(BX)
	MOVQ SI, R12
	MOVQ ·startFunc(SB), R13
	JMP  ·enter(SB)

// enter makes Go code possible on a vCPU and calls it.
//
//	BX   the CPU
//	R12  an argument
//	R13  the function, which does not return
TEXT ·enter(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ CPU_g(BX), R14
	MOVQ goroutine_stackHigh(R14), SP
	MOVL $nrSetSegmentBase, AX
	MOVL $segbaseFS, DI
	LEAQ (CPU_tls+8)(BX), SI
	SYSCALL
	MOVL $nrSetSegmentBase, AX
	MOVL $segbaseGSKernel, DI
	MOVQ BX, SI
	SYSCALL
	MOVQ  BX, CPU_self(BX)
	MOVQ  R12, AX
	MOVQ  R13, DX
	XORPS X15, X15
	SUBQ  $32, SP // the callee may keep its arguments there
	CALL  (DX)
	UNDEF

// func This() *CPU
TEXT ·This(SB), NOSPLIT, $0-8
	MOVQ 0(GS), AX
	MOVQ AX, ret+0(FP)
	RET

// func ImageEnd() uint64
TEXT ·ImageEnd(SB), NOSPLIT, $0-8
	LEAQ runtime·end(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func enterAt() uint64
TEXT ·enterAt(SB), NOSPLIT, $0-8
	LEAQ ·enter(SB), AX
	MOVQ AX, ret+0(FP)
	RET
