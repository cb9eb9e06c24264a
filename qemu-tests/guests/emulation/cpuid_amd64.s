#include "../pv/done_amd64.h"
#include "textflag.h"

#define PREFIX UNDEF; BYTE $0x78; BYTE $0x65; BYTE $0x6e

// func plainCPUID(function, index uint32) (l leaf)
TEXT ·plainCPUID(SB), NOSPLIT, $0-24
	MOVL function+0(FP), AX
	MOVL index+4(FP), CX
	CPUID
	MOVL AX, l_a+8(FP)
	MOVL BX, l_b+12(FP)
	MOVL CX, l_c+16(FP)
	MOVL DX, l_d+20(FP)
	RET

// func forcedCPUID(function, index uint32) (l leaf)
TEXT ·forcedCPUID(SB), NOSPLIT, $0-24
	MOVL function+0(FP), AX
	MOVL index+4(FP), CX
	PREFIX
	CPUID
	MOVL AX, l_a+8(FP)
	MOVL BX, l_b+12(FP)
	MOVL CX, l_c+16(FP)
	MOVL DX, l_d+20(FP)
	RET

TEXT ·forcedUser(SB), NOSPLIT, $0-0
	MOVL $0x40000000, AX
	XORL CX, CX
	PREFIX
	CPUID
	DONE
	RET

TEXT ·forcedOther(SB), NOSPLIT, $0-0
	PREFIX
	RDTSC
	RET

TEXT ·jumpToPrefix(SB), NOSPLIT, $0-0
	MOVQ ·prefixAt(SB), DX
	XORL AX, AX
	XORL CX, CX
	CALL DX
	RET
