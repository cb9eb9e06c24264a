#include "../pv/code_amd64.h"
#include "textflag.h"

// func plainCPUID(function, index uint32) (l pv.CPUIDLeaf)
TEXT ·plainCPUID(SB), NOSPLIT, $0-24
	MOVL function+0(FP), AX
	MOVL index+4(FP), CX
	CPUID
	MOVL AX, l_EAX+8(FP)
	MOVL BX, l_EBX+12(FP)
	MOVL CX, l_ECX+16(FP)
	MOVL DX, l_EDX+20(FP)
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
