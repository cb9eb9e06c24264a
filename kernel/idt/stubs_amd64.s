#include "go_asm.h"
#include "textflag.h"

// A stub is 7 bytes: 2 that leave an error code on the stack, pushing a zero
// or doing nothing where the processor pushed one, and a CALL whose return
// address tells the vector.
#define PUSH BYTE $0x6a; BYTE $0x00; CALL ·common(SB)
#define HAVE BYTE $0x66; BYTE $0x90; CALL ·common(SB)
#define PUSH8 PUSH; PUSH; PUSH; PUSH; PUSH; PUSH; PUSH; PUSH
#define PUSH32 PUSH8; PUSH8; PUSH8; PUSH8

// The vectors with an error code are those of x86.Vector.HasErrorCode.
TEXT ·vectors(SB), NOSPLIT|NOFRAME, $0-0
	PUSH8                                          // 0 to 7
	HAVE; PUSH; HAVE; HAVE; HAVE; HAVE; HAVE; PUSH // 8 to 15
	PUSH; HAVE; PUSH; PUSH; PUSH; HAVE; PUSH; PUSH // 16 to 23
	PUSH; PUSH; PUSH; PUSH; PUSH; HAVE; HAVE; PUSH // 24 to 31
	PUSH32; PUSH32; PUSH32; PUSH32; PUSH32; PUSH32; PUSH32

// common completes the Frame and calls dispatch with the g of the stack that
// it finds itself on. An NMI that returns may have come where the vector registers
// are a guest's already, so those that Go code uses are saved; X15 must be zero in it.
TEXT ·common(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ  AX
	PUSHQ  CX
	PUSHQ  DX
	PUSHQ  BX
	PUSHQ  BP
	PUSHQ  SI
	PUSHQ  DI
	PUSHQ  R8
	PUSHQ  R9
	PUSHQ  R10
	PUSHQ  R11
	PUSHQ  R12
	PUSHQ  R13
	PUSHQ  R14
	PUSHQ  R15
	SUBQ   $Frame_R15, SP
	MOVUPS X0, Frame_xmm0(SP)
	MOVUPS X14, Frame_xmm14(SP)
	MOVUPS X15, Frame_xmm15(SP)
	CLD
	XORPS  X15, X15
	CALL   tuco∕kernel∕percpu·adopt(SB)
	MOVQ   AX, Frame_fsBase(SP)
	MOVQ   SP, AX
	MOVQ   ·dispatchFunc(SB), DX
	CALL   (DX)
	MOVQ   Frame_fsBase(SP), AX
	CALL   tuco∕kernel∕percpu·release(SB)
	MOVUPS Frame_xmm0(SP), X0
	MOVUPS Frame_xmm14(SP), X14
	MOVUPS Frame_xmm15(SP), X15
	ADDQ   $Frame_R15, SP
	POPQ   R15
	POPQ   R14
	POPQ   R13
	POPQ   R12
	POPQ   R11
	POPQ   R10
	POPQ   R9
	POPQ   R8
	POPQ   DI
	POPQ   SI
	POPQ   BP
	POPQ   BX
	POPQ   DX
	POPQ   CX
	POPQ   AX
	ADDQ   $16, SP // stub, error code
	IRETQ

// func stubs() frame.VAddr
TEXT ·stubs(SB), NOSPLIT, $0-8
	LEAQ ·vectors(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func commonStart() frame.VAddr
TEXT ·commonStart(SB), NOSPLIT, $0-8
	LEAQ ·common(SB), AX
	MOVQ AX, ret+0(FP)
	RET
