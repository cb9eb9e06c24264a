#include "code_amd64.h"
#include "textflag.h"

// func CPUID(function, index uint32) (l CPUIDLeaf)
TEXT ·CPUID(SB), NOSPLIT, $0-24
	MOVL function+0(FP), AX
	MOVL index+4(FP), CX
	PREFIX
	CPUID
	MOVL AX, l_EAX+8(FP)
	MOVL BX, l_EBX+12(FP)
	MOVL CX, l_ECX+16(FP)
	MOVL DX, l_EDX+20(FP)
	RET

// func ReadCR4() uint64
TEXT ·ReadCR4(SB), NOSPLIT, $0-8
	MOVQ CR4, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR4(v uint64)
TEXT ·WriteCR4(SB), NOSPLIT, $0-8
	MOVQ v+0(FP), AX
	MOVQ AX, CR4
	RET
