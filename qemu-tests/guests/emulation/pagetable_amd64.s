#include "textflag.h"

#define LOAD \
	MOVQ ·entryAt(SB), CX \
	MOVQ ·operand(SB), DX

TEXT ·movEntry(SB), NOSPLIT, $0-0
	LOAD
	MOVQ DX, (CX)
	RET

TEXT ·movHalf(SB), NOSPLIT, $0-0
	LOAD
	MOVL DX, (CX)
	RET

TEXT ·xchgEntry(SB), NOSPLIT, $0-0
	LOAD
	XCHGQ DX, (CX)
	MOVQ  DX, ·operand(SB)
	RET

TEXT ·cmpxchgEntry(SB), NOSPLIT, $0-0
	LOAD
	MOVQ ·result(SB), AX
	LOCK
	CMPXCHGQ DX, (CX)
	MOVQ AX, ·result(SB)
	RET

TEXT ·btrEntry(SB), NOSPLIT, $0-0
	LOAD
	LOCK
	BTRQ  DX, (CX)
	SETCS ·result(SB)
	RET

TEXT ·btsEntry(SB), NOSPLIT, $0-0
	LOAD
	LOCK
	BTSQ  DX, (CX)
	SETCS ·result(SB)
	RET

TEXT ·andEntry(SB), NOSPLIT, $0-0
	LOAD
	LOCK
	ANDQ DX, (CX)
	RET

TEXT ·orEntry(SB), NOSPLIT, $0-0
	LOAD
	LOCK
	ORQ DX, (CX)
	RET

TEXT ·addEntry(SB), NOSPLIT, $0-0
	LOAD
	LOCK
	ADDQ DX, (CX)
	RET
