#include "textflag.h"

TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	CALL ·start(SB)
	HLT
	JMP  -1(PC)
