#include "textflag.h"

// func XSAVE(s *ExtendedState, mask uint64)
TEXT ·XSAVE(SB), NOSPLIT, $0-16
	MOVQ s+0(FP), CX
	MOVQ mask+8(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	XSAVE64 (CX)
	RET

// func XRSTOR(s *ExtendedState, mask uint64)
//
// It overwrites XMM15, which Go's ABI keeps at zero; the compiler clears it
// again after a call of an assembly function.
TEXT ·XRSTOR(SB), NOSPLIT, $0-16
	MOVQ s+0(FP), CX
	MOVQ mask+8(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	XRSTOR64 (CX)
	RET

// func FXSAVE(s *ExtendedState)
TEXT ·FXSAVE(SB), NOSPLIT, $0-8
	MOVQ s+0(FP), CX
	FXSAVE64 (CX)
	RET

// func FXRSTOR(s *ExtendedState)
TEXT ·FXRSTOR(SB), NOSPLIT, $0-8
	MOVQ s+0(FP), CX
	FXRSTOR64 (CX)
	RET

// func FNINIT()
TEXT ·FNINIT(SB), NOSPLIT, $0-0
	BYTE $0xdb; BYTE $0xe3
	RET
