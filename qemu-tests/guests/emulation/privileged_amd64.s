#include "../pv/code_amd64.h"
#include "textflag.h"

#define FROMCR8 MOVQ CR8, AX

#define CODE(name, code) \
TEXT name(SB), NOSPLIT, $16-0; \
	XORL AX, AX; \
	MOVQ AX, 0(SP); \
	MOVQ AX, 8(SP); \
	code; \
	DONE; \
	RET

CODE(·clts, CLTS)
CODE(·invlpg, INVLPG (SP))
CODE(·wbinvd, WBINVD)
CODE(·lgdt, LGDT (SP))
CODE(·lidt, LIDT (SP))
CODE(·lldt, LLDT AX)
CODE(·ltr, LTR AX)
CODE(·lmsw, LMSW AX)
CODE(·readCR8, FROMCR8)
CODE(·swapgs, SWAPGS)
CODE(·sysret, SYSRET)
CODE(·rdpmc, RDPMC)
CODE(·halt, HLT)
