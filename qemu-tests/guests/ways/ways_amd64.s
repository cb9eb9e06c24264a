#include "../pv/code_amd64.h"
#include "textflag.h"

// func callAt(at, n, a1, a2 uint64)
TEXT ·callAt(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ at+0(FP), CX
	MOVQ n+8(FP), AX
	MOVQ a1+16(FP), DI
	MOVQ a2+24(FP), SI
	MOVL $0x1234, BX
	JMP  CX

TEXT comeBack<>(SB), NOSPLIT|NOFRAME, $0-0
	RET

// The next five return where code for user mode begins.
#define AT(code) LEAQ code<>(SB), AX; MOVQ AX, ret+0(FP); RET

// func systemCallAt() uint64
TEXT ·systemCallAt(SB), NOSPLIT, $0-8
	AT(systemCall)

// func comeBackAt() uint64
TEXT ·comeBackAt(SB), NOSPLIT, $0-8
	AT(comeBack)

// func readTwiceAt() uint64
TEXT ·readTwiceAt(SB), NOSPLIT, $0-8
	AT(readTwice)

// func readGSAt() uint64
TEXT ·readGSAt(SB), NOSPLIT, $0-8
	AT(readGS)

// func instructionsAt() uint64
TEXT ·instructionsAt(SB), NOSPLIT, $0-8
	AT(instructions)

TEXT ·undefined(SB), NOSPLIT|NOFRAME, $0-0
	UNDEF
	RET

TEXT systemCall<>(SB), NOSPLIT|NOFRAME, $0-0
	SYSCALL
	UNDEF
	RET

TEXT ·readTarget(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ ·target(SB), CX
	MOVQ (CX), AX
	DONE
	RET

TEXT ·writeTarget(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ ·target(SB), CX
	MOVQ CX, (CX)
	DONE
	RET

TEXT ·jumpTarget(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ ·target(SB), CX
	JMP  CX

TEXT readTwice<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ (DI), R8
	SYSCALL
	MOVQ (DI), R9
	SYSCALL
	UNDEF
	RET

TEXT readGS<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ 0(GS), R8
	SYSCALL
	MOVQ 0(GS), R9
	MOVQ (DI), AX
	MOVQ 0(GS), R10
	SYSCALL
	UNDEF
	RET

#define NOPS4 BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90
#define NOPS12 NOPS4; NOPS4; NOPS4
#define THREE(a, b, c) BYTE $a; BYTE $b; BYTE $c; BYTE $0x90; NOPS12
#define FOUR(a, b, c, d) BYTE $a; BYTE $b; BYTE $c; BYTE $d; NOPS12

TEXT instructions<>(SB), NOSPLIT|NOFRAME, $0-0
	THREE(0x0f, 0x01, 0xd9)       // VMMCALL
	THREE(0x0f, 0x01, 0xc1)       // VMCALL
	THREE(0x0f, 0x01, 0xf8)       // SWAPGS
	THREE(0x48, 0x0f, 0x07)       // SYSRETQ
	THREE(0x90, 0x0f, 0x07)       // SYSRETL
	THREE(0x0f, 0x22, 0xd8)       // MOVQ AX, CR3
	THREE(0x0f, 0x01, 0xd8)       // VMRUN
	THREE(0x0f, 0x01, 0xda)       // VMLOAD
	THREE(0x0f, 0x01, 0xdf)       // INVLPGA
	THREE(0x0f, 0x01, 0xdd)       // CLGI
	FOUR(0x0f, 0x00, 0xd8, 0x90)  // LTR AX
	FOUR(0x0f, 0x01, 0x1e, 0x90)  // LIDT (SI)
	UNDEF
	RET
