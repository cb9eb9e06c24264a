#include "go_asm.h"
#include "textflag.h"

#define nrXenVersion 17
#define nrIret 23
#define nrSetSegmentBase 25
#define nrSchedOp 29
#define schedPoll 3

// The event mask and the pending flag in the CPU's Info.
#define MASK 1(GS)
#define PENDING 0(GS)

// systemCall is where the rewritten runtime goes instead of SYSCALL, by a call. It changes what SYSCALL changes: AX, CX,
// R11.
TEXT ·systemCall(SB), NOSPLIT|NOFRAME, $0-0
	MOVB  $1, MASK
	MOVQ  SP, CX
	MOVQ  CPU_stackTop(GS), SP
	PUSHQ CX
	PUSHQ BP
	PUSHQ BX
	PUSHQ DI
	PUSHQ SI
	PUSHQ DX
	PUSHQ R8
	PUSHQ R9
	PUSHQ R10
	PUSHQ R12
	PUSHQ R13
	PUSHQ R14
	PUSHQ R15
	PUSHQ AX
	MOVQ  TLS, CX
	MOVQ  0(CX)(TLS*1), AX
	PUSHQ AX
	MOVQ  CPU_g(GS), R14
	MOVQ  R14, 0(CX)(TLS*1)
	XORPS X15, X15
	MOVQ  SP, AX
	MOVQ  ·handlers+Handlers_Call(SB), DX
	SUBQ  $16, SP // the callee may keep its argument there
	CALL  (DX)
	ADDQ  $16, SP
	JMP   ·callReturn(SB)

// callReturn goes back to the program, with a Call at SP.
TEXT ·callReturn(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ  Call_fsG(SP), R11
	MOVQ  TLS, CX
	MOVQ  R11, 0(CX)(TLS*1)
	MOVQ  Call_AX(SP), AX
	MOVQ  Call_R15(SP), R15
	MOVQ  Call_R14(SP), R14
	MOVQ  Call_R13(SP), R13
	MOVQ  Call_R12(SP), R12
	MOVQ  Call_R10(SP), R10
	MOVQ  Call_R9(SP), R9
	MOVQ  Call_R8(SP), R8
	MOVQ  Call_DX(SP), DX
	MOVQ  Call_SI(SP), SI
	MOVQ  Call_DI(SP), DI
	MOVQ  Call_BX(SP), BX
	MOVQ  Call_BP(SP), CX
	XCHGQ BP, CX
	MOVQ  Call_SP(SP), SP
	XORPS X15, X15
	MOVB  $0, MASK
	CMPB  PENDING, $0
	JNE   pending
	RET

	// An event came while they were masked. Any hypercall lets the hypervisor deliver it.
pending:
	PUSHQ AX
	PUSHQ DI
	MOVL  $nrXenVersion, AX
	XORL  DI, DI
	SYSCALL
	POPQ  DI
	POPQ  AX
	RET

// func switchStack(save, sp, fs uint64)
TEXT ·switchStack(SB), NOSPLIT|NOFRAME, $0-24
	MOVQ  save+0(FP), AX
	MOVQ  sp+8(FP), CX
	MOVQ  fs+16(FP), SI
	PUSHQ BP
	MOVQ  SP, (AX)
	MOVQ  CX, SP
	CMPB  CPU_writesFS(GS), $0
	JEQ   ask
	WRFSBASEQ SI
	JMP   done

ask:
	MOVL  $nrSetSegmentBase, AX
	XORL  DI, DI // FS
	SYSCALL

done:
	POPQ  BP
	RET

// forked is where a thread begins that Fork made, with a Call at SP.
TEXT ·forked(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ  CPU_g(GS), R14
	XORPS X15, X15
	MOVQ  ·handlers+Handlers_Forked(SB), DX
	SUBQ  $16, SP
	CALL  (DX)
	ADDQ  $16, SP
	JMP   ·callReturn(SB)

// began is where a vCPU begins that Start started.
TEXT ·began(SB), NOSPLIT|NOFRAME, $0-0
	LDMXCSR ·mxcsr(SB)
	MOVQ    CPU_g(GS), R14
	XORPS   X15, X15
	MOVQ    ·handlers+Handlers_Began(SB), DX
	SUBQ    $16, SP
	CALL    (DX)
	UNDEF

// func await(poll uint64)
//
// While awaits is set, the code between the two changes of the mask runs, and an upcall returns from here: see event. Otherwise
// one that comes before SYSCALL would be over when the wait begins, which nothing would end.
TEXT ·await(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ poll+0(FP), SI
	MOVL $nrSchedOp, AX
	MOVL $schedPoll, DI
	MOVB $1, CPU_awaits(GS)
	MOVB $0, MASK
	SYSCALL
	MOVB $1, MASK
	MOVB $0, CPU_awaits(GS)
	RET

// mxcsr is as a processor begins: no exception, rounding to the nearest.
DATA ·mxcsr(SB)/4, $0x1f80
GLOBL ·mxcsr(SB), NOPTR|RODATA, $4

// func entries() (forked, began uint64)
TEXT ·entries(SB), NOSPLIT, $0-16
	LEAQ ·forked(SB), AX
	MOVQ AX, forked+0(FP)
	LEAQ ·began(SB), AX
	MOVQ AX, began+8(FP)
	RET

// common makes a Frame on the thread's stack, unless SP is there already, and keeps the state of the other registers below.
TEXT ·common(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ  0(SP), CX
	MOVQ  8(SP), R11
	MOVQ  CPU_stackTop(GS), AX
	SUBQ  SP, AX
	CMPQ  AX, $const_stackSize
	JB    inside
	MOVQ  CPU_stackTop(GS), SP

inside:
	PUSHQ 32(BX) // SS
	PUSHQ 24(BX)
	PUSHQ 16(BX)
	PUSHQ 8(BX)
	PUSHQ 0(BX)  // RIP
	PUSHQ $0
	PUSHQ CX
	PUSHQ R11
	PUSHQ (CPU_scratch+scratch_ax)(GS)
	PUSHQ DI
	PUSHQ SI
	PUSHQ DX
	PUSHQ R8
	PUSHQ R9
	PUSHQ R10
	PUSHQ (CPU_scratch+scratch_bx)(GS)
	PUSHQ BP
	PUSHQ R12
	PUSHQ R13
	PUSHQ R14
	PUSHQ R15
	PUSHQ (CPU_scratch+scratch_err)(GS)
	PUSHQ (CPU_scratch+scratch_vector)(GS)
	MOVQ  TLS, CX
	MOVQ  0(CX)(TLS*1), AX
	PUSHQ AX
	MOVQ  CPU_g(GS), R14
	MOVQ  R14, 0(CX)(TLS*1)
	CLD
	MOVQ  SP, R12
	SUBQ  CPU_stateSize(GS), SP
	ANDQ  $~63, SP
	CMPQ  CPU_extended(GS), $0
	JNE   extended
	FXSAVE64 (SP)
	JMP   saved

extended:
	XORL  AX, AX // XSAVE writes only a part of its header
	MOVQ  AX, 512(SP)
	MOVQ  AX, 520(SP)
	MOVQ  AX, 528(SP)
	MOVQ  AX, 536(SP)
	MOVQ  AX, 544(SP)
	MOVQ  AX, 552(SP)
	MOVQ  AX, 560(SP)
	MOVQ  AX, 568(SP)
	MOVL  CPU_extended(GS), AX
	MOVL  CPU_extended+4(GS), DX
	XSAVE64 (SP)

saved:
	MOVQ  SP, BX
	MOVQ  R12, AX
	PUSHQ R12
	PUSHQ BX
	XORPS X15, X15
	XORL  BP, BP
	MOVQ  ·handlers+Handlers_Trap(SB), DX
	SUBQ  $32, SP
	CALL  (DX)
	ADDQ  $32, SP
	POPQ  BX
	POPQ  R12
	JMP   ·leave(SB)

// func resume(frame, state uint64)
TEXT ·resume(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ frame+0(FP), R12
	MOVQ state+8(FP), BX
	JMP  ·leave(SB)

// leave goes where the Frame at R12 says, with the registers' state at BX.
TEXT ·leave(SB), NOSPLIT|NOFRAME, $0-0
	CMPQ  CPU_extended(GS), $0
	JNE   extended
	FXRSTOR64 (BX)
	JMP   restored

extended:
	MOVL  CPU_extended(GS), AX
	MOVL  CPU_extended+4(GS), DX
	XRSTOR64 (BX)

restored:
	MOVQ  R12, SP
	POPQ  AX
	MOVQ  TLS, CX
	MOVQ  AX, 0(CX)(TLS*1)
	ADDQ  $16, SP // vector and error code
	POPQ  R15
	POPQ  R14
	POPQ  R13
	POPQ  R12
	POPQ  BP
	POPQ  BX
	POPQ  R10
	POPQ  R9
	POPQ  R8
	POPQ  DX
	POPQ  SI
	POPQ  DI
	MOVL  $nrIret, AX
	SYSCALL
	UNDEF

// func thisAddress() uint64
TEXT ·thisAddress(SB), NOSPLIT, $0-8
	MOVQ CPU_self(GS), AX
	MOVQ AX, ret+0(FP)
	RET

// func cr4() uint64
TEXT ·cr4(SB), NOSPLIT, $0-8
	MOVQ CR4, AX
	MOVQ AX, ret+0(FP)
	RET

// func setCR4(v uint64)
TEXT ·setCR4(SB), NOSPLIT, $0-8
	MOVQ v+0(FP), AX
	MOVQ AX, CR4
	RET

// func cpuid(leaf, subleaf uint32) (a, b, c, d uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	MOVL DX, d+20(FP)
	RET

// func xgetbv() uint64
TEXT ·xgetbv(SB), NOSPLIT, $0-8
	XORL CX, CX
	XGETBV
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func random() (v uint64, ok bool)
TEXT ·random(SB), NOSPLIT, $0-9
	RDRANDQ AX
	SETCS   ok+8(FP)
	MOVQ    AX, v+0(FP)
	RET
