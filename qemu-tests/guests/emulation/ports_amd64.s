#include "../pv/code_amd64.h"
#include "textflag.h"

TEXT ·readPort(SB), NOSPLIT, $0-0
	MOVQ ·port(SB), DX
	INB
	MOVBQZX AX, AX
	MOVQ AX, ·portValue(SB)
	DONE
	RET

TEXT ·writePort(SB), NOSPLIT, $0-0
	MOVQ ·port(SB), DX
	MOVQ ·portValue(SB), AX
	OUTB
	DONE
	RET

TEXT ·readWide(SB), NOSPLIT, $0-0
	MOVQ ·port(SB), DX
	INW
	INL
	DONE
	RET

TEXT ·readFixed(SB), NOSPLIT, $0-0
	BYTE $0xe4; BYTE $0x80 // IN AL, 0x80
	DONE
	RET

TEXT ·outString(SB), NOSPLIT, $0-0
	MOVQ ·port(SB), DX
	MOVQ ·stringAt(SB), SI
	MOVQ ·stringCount(SB), CX
	REP; OUTSB
	MOVQ SI, ·stringEnd(SB)
	RET

TEXT ·inString(SB), NOSPLIT, $0-0
	MOVQ ·port(SB), DX
	MOVQ ·stringAt(SB), DI
	MOVQ ·stringCount(SB), CX
	REP; INSB
	MOVQ DI, ·stringEnd(SB)
	RET
