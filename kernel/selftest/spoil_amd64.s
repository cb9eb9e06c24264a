#include "textflag.h"

// func useRegisters()
TEXT ·useRegisters(SB), NOSPLIT, $0-0
	PCMPEQL X0, X0
	PCMPEQL X14, X14
	PCMPEQL X15, X15
	RET
