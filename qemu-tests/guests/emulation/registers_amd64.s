#include "../pv/code_amd64.h"
#include "textflag.h"

TEXT ·readMSR(SB), NOSPLIT, $0-0
	MOVQ ·msrNumber(SB), CX
	RDMSR
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ·msrValue(SB)
	RET

TEXT ·writeMSR(SB), NOSPLIT, $0-0
	MOVQ ·msrNumber(SB), CX
	MOVQ ·msrValue(SB), AX
	MOVQ AX, DX
	SHRQ $32, DX
	WRMSR
	RET

#define READ(name, reg) \
TEXT name(SB), NOSPLIT, $0-8; \
	MOVQ reg, AX; \
	MOVQ AX, ret+0(FP); \
	RET

#define WRITE(name, reg) \
TEXT name(SB), NOSPLIT, $0-8; \
	MOVQ v+0(FP), AX; \
	MOVQ AX, reg; \
	RET

READ(·readCR0, CR0)
READ(·readCR2, CR2)
READ(·readCR3, CR3)
READ(·readDR0, DR0)
READ(·readDR7, DR7)

// func readDR4() uint64
TEXT ·readDR4(SB), NOSPLIT, $0-8
	BYTE $0x0f; BYTE $0x21; BYTE $0xe0 // MOVQ DR4, AX
	MOVQ AX, ret+0(FP)
	RET

WRITE(·writeCR0, CR0)
WRITE(·writeCR2, CR2)
WRITE(·writeCR3, CR3)
WRITE(·writeDR0, DR0)

TEXT ·userDR0(SB), NOSPLIT, $0-0
	MOVQ DR0, AX
	DONE
	RET

// func xgetbv() uint64
TEXT ·xgetbv(SB), NOSPLIT, $0-8
	XORL CX, CX
	XGETBV
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func xsetbv(v uint64)
TEXT ·xsetbv(SB), NOSPLIT, $0-8
	MOVQ v+0(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	XORL CX, CX
	BYTE $0x0f; BYTE $0x01; BYTE $0xd1 // XSETBV
	RET

// func rdtsc() uint64
TEXT ·rdtsc(SB), NOSPLIT, $0-8
	RDTSC
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

TEXT ·userTSC(SB), NOSPLIT, $0-0
	RDTSC
	DONE
	RET
