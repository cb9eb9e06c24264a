#include "go_asm.h"
#include "textflag.h"

#define nrSetSegmentBase 25
#define nrIret 23

#define STUB8 CALL ·common(SB); CALL ·common(SB); CALL ·common(SB); CALL ·common(SB); CALL ·common(SB); CALL ·common(SB); CALL ·common(SB); CALL ·common(SB)
#define STUB64 STUB8; STUB8; STUB8; STUB8; STUB8; STUB8; STUB8; STUB8

// vectors has a stub of 5 bytes for each vector; the return address tells which. The last are the callbacks.
TEXT ·vectors(SB), NOSPLIT|NOFRAME, $0-0
	STUB64; STUB64; STUB64; STUB64
	STUB8

// func vectorsAt() uint64
TEXT ·vectorsAt(SB), NOSPLIT, $0-8
	LEAQ ·vectors(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// common saves the registers as saved has them, goes to the trap stack unless it is there, completes a Frame with FS
// base and g as Go code needs them, and calls dispatch.
TEXT ·common(SB), NOSPLIT|NOFRAME, $0-0
	PUSHFQ
	PUSHQ AX
	PUSHQ DI
	PUSHQ SI
	PUSHQ DX
	PUSHQ R8
	PUSHQ R9
	PUSHQ R10
	PUSHQ BX
	PUSHQ BP
	PUSHQ R12
	PUSHQ R13
	PUSHQ R14
	PUSHQ R15
	CLD
	MOVQ SP, BX
	MOVQ 0(GS), R12
	CMPQ SP, CPU_trapLow(R12)
	JB   switch
	CMPQ SP, CPU_trapHigh(R12)
	JBE  ready

switch:
	MOVQ CPU_trapHigh(R12), SP

ready:
	SUBQ   $Frame__size, SP
	ANDQ   $~15, SP
	MOVUPS X0, (Frame_XMM+0)(SP)
	MOVUPS X1, (Frame_XMM+16)(SP)
	MOVUPS X2, (Frame_XMM+32)(SP)
	MOVUPS X3, (Frame_XMM+48)(SP)
	MOVUPS X4, (Frame_XMM+64)(SP)
	MOVUPS X5, (Frame_XMM+80)(SP)
	MOVUPS X6, (Frame_XMM+96)(SP)
	MOVUPS X7, (Frame_XMM+112)(SP)
	MOVUPS X8, (Frame_XMM+128)(SP)
	MOVUPS X9, (Frame_XMM+144)(SP)
	MOVUPS X10, (Frame_XMM+160)(SP)
	MOVUPS X11, (Frame_XMM+176)(SP)
	MOVUPS X12, (Frame_XMM+192)(SP)
	MOVUPS X13, (Frame_XMM+208)(SP)
	MOVUPS X14, (Frame_XMM+224)(SP)
	MOVUPS X15, (Frame_XMM+240)(SP)
	XORPS  X15, X15
	MOVL   $nrSetSegmentBase, AX
	XORL   DI, DI // FS
	LEAQ   (CPU_tls+8)(R12), SI
	SYSCALL
	LEAQ   CPU_g(R12), R14
	MOVQ   SP, AX
	MOVQ   R12, CX
	MOVQ   ·dispatchFunc(SB), DX
	SUBQ   $32, SP // the callee may keep its arguments above its return address
	CALL   (DX)
	ADDQ   $32, SP
	JMP    ·resume(SB)

// resume goes where the Frame at SP says. Once the registers are restored, an upcall may overwrite what is below Iret.
TEXT ·resume(SB), NOSPLIT|NOFRAME, $0-0
	MOVUPS (Frame_XMM+0)(SP), X0
	MOVUPS (Frame_XMM+16)(SP), X1
	MOVUPS (Frame_XMM+32)(SP), X2
	MOVUPS (Frame_XMM+48)(SP), X3
	MOVUPS (Frame_XMM+64)(SP), X4
	MOVUPS (Frame_XMM+80)(SP), X5
	MOVUPS (Frame_XMM+96)(SP), X6
	MOVUPS (Frame_XMM+112)(SP), X7
	MOVUPS (Frame_XMM+128)(SP), X8
	MOVUPS (Frame_XMM+144)(SP), X9
	MOVUPS (Frame_XMM+160)(SP), X10
	MOVUPS (Frame_XMM+176)(SP), X11
	MOVUPS (Frame_XMM+192)(SP), X12
	MOVUPS (Frame_XMM+208)(SP), X13
	MOVUPS (Frame_XMM+224)(SP), X14
	MOVUPS (Frame_XMM+240)(SP), X15
	ADDQ   $Frame_R15, SP
	POPQ   R15
	POPQ   R14
	POPQ   R13
	POPQ   R12
	POPQ   BP
	POPQ   BX
	POPQ   R10
	POPQ   R9
	POPQ   R8
	POPQ   DX
	POPQ   SI
	POPQ   DI
	MOVL   $nrIret, AX
	SYSCALL
	UNDEF

// func catch(c *CPU, f func())
TEXT ·catch(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ  c+0(FP), CX
	MOVQ  f+8(FP), DX
	PUSHQ BP
	MOVQ  SP, CPU_catchSP(CX)
	CALL  (DX)
	POPQ  BP
	RET

// func enterUser(c *CPU, f *Frame)
TEXT ·enterUser(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ  c+0(FP), CX
	MOVQ  f+8(FP), DX
	PUSHQ BP
	MOVQ  SP, CPU_userSP(CX)
	MOVQ  DX, SP
	JMP   ·resume(SB)

// landing is where catch and enterUser return after a trap, with SP as they left it. Frame.land has restored BP.
TEXT ·landing(SB), NOSPLIT|NOFRAME, $0-0
	ADDQ $8, SP
	RET

// func landingAt() uint64
TEXT ·landingAt(SB), NOSPLIT, $0-8
	LEAQ ·landing(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func stackOverflow()
TEXT ·stackOverflow(SB), NOSPLIT|NOFRAME, $0-0
	UNDEF
	RET
