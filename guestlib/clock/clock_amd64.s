#include "textflag.h"

// The vCPU's clock, hypercall.VCPUTimeInfo, is at an offset of 32 from GS base: see hypercall.VCPUInfo and package cpu.
#define VERSION 32(GS)
#define TIMESTAMP 40(GS)
#define SYSTEM 48(GS)
#define MULTIPLIER 56(GS)
#define SHIFT 60(GS)
#define FLAGS 61(GS)

#define STABLE 1 // XEN_PVCLOCK_TSC_STABLE_BIT

// The event mask and the pending flag: see package cpu.
#define MASK 1(GS)
#define PENDING 0(GS)

#define nrXenVersion 17

// system puts the system time into AX. It changes CX, DX and R8 to R10, and no stack. The version is even and the same
// before and after, or it is done again. Events are masked: all of it has to be of one vCPU.
//
// Where the hypervisor does not say that the clocks of all vCPUs agree, none may be read that is behind what was read before.
TEXT system<>(SB), NOSPLIT|NOFRAME, $0-0
again:
	MOVL    VERSION, R8
	TESTL   $1, R8
	JNZ     again
	LFENCE
	RDTSC
	SHLQ    $32, DX
	ORQ     DX, AX
	SUBQ    TIMESTAMP, AX
	MOVQ    SYSTEM, R9
	MOVL    MULTIPLIER, R10
	MOVBLSX SHIFT, CX
	CMPL    R8, VERSION
	JNE     again
	TESTL   CX, CX
	JS      right
	SHLQ    CX, AX
	JMP     scale

right:
	NEGL CX
	SHRQ CX, AX

scale:
	MULQ  R10
	SHRQ  $32, DX, AX
	ADDQ  R9, AX
	TESTB $STABLE, FLAGS
	JNZ   done
	MOVQ  AX, R9
	MOVQ  ·latest(SB), AX

compare:
	CMPQ     AX, R9
	JAE      done
	LOCK
	CMPXCHGQ R9, ·latest(SB) // AX is what was there, if it is not as expected
	JNE      compare
	MOVQ     R9, AX

done:
	RET

// func Now() uint64
TEXT ·Now(SB), NOSPLIT, $0-8
	CALL system<>(SB)
	MOVQ AX, ret+0(FP)
	RET

// Gettime stands for the runtime's vDSO function clock_gettime, in C's convention: DI is the clock, of which 0 is the wall
// clock, and SI the place of a struct timespec. It keeps BX, BP and R12 to R15.
TEXT ·Gettime(SB), NOSPLIT|NOFRAME, $0-0
	MOVB  $1, MASK
	CALL  system<>(SB)
	MOVB  $0, MASK
	CMPB  PENDING, $0
	JNE   pending

read:
	TESTL DI, DI
	JNE   split
	ADDQ  ·wall(SB), AX

split:
	XORL DX, DX
	MOVQ $1000000000, CX
	DIVQ CX
	MOVQ AX, 0(SI)
	MOVQ DX, 8(SI)
	XORL AX, AX
	RET

	// An event came while they were masked. Any hypercall lets the hypervisor deliver it.
pending:
	MOVQ  AX, R8
	MOVQ  DI, R9
	MOVQ  SI, R10
	MOVL  $nrXenVersion, AX
	XORL  DI, DI
	SYSCALL
	MOVQ  R8, AX
	MOVQ  R9, DI
	MOVQ  R10, SI
	JMP   read

// func TSC() uint64
TEXT ·TSC(SB), NOSPLIT, $0-8
	LFENCE
	RDTSC
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func GettimeAt() uint64
TEXT ·GettimeAt(SB), NOSPLIT, $0-8
	LEAQ ·Gettime(SB), AX
	MOVQ AX, ret+0(FP)
	RET
