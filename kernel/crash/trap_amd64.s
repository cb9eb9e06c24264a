#include "textflag.h"

// func trap()
TEXT ·trap(SB), NOSPLIT|NOFRAME, $0-0
	INT $0x30 // idt.BugVector
	RET

// func trapped() frame.VAddr
TEXT ·trapped(SB), NOSPLIT, $0-8
	LEAQ ·trap+2(SB), AX // past the INT
	MOVQ AX, ret+0(FP)
	RET

// func provokeGuard()
TEXT ·provokeGuard(SB), NOSPLIT|NOFRAME, $0-0
again:
	PUSHQ AX
	JMP   again

// func provokeExecute()
TEXT ·provokeExecute(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ ·reason(SB), AX
	JMP  AX
