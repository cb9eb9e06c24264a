#include "textflag.h"

// Go's assembler has no words for these instructions. An operand in a register
// is AX or CX, an operand in memory is at (AX) or at a result slot of the stack.

// The result is CF for "fail invalid", ZF for "fail valid".
#define RESULT(slot) \
	SETCS CX     \
	SETEQ DX     \
	SHLB  $1, DX \
	ORB   DX, CX \
	MOVB  CX, slot

// func vmxon(region frame.MAddr) Result
TEXT ·vmxon(SB), NOSPLIT, $0-9
	LEAQ region+0(FP), AX
	BYTE $0xf3; BYTE $0x0f; BYTE $0xc7; BYTE $0x30 // VMXON (AX)
	RESULT(ret+8(FP))
	RET

// func vmclear(vmcs frame.MAddr) Result
TEXT ·vmclear(SB), NOSPLIT, $0-9
	LEAQ vmcs+0(FP), AX
	BYTE $0x66; BYTE $0x0f; BYTE $0xc7; BYTE $0x30 // VMCLEAR (AX)
	RESULT(ret+8(FP))
	RET

// func vmptrld(vmcs frame.MAddr) Result
TEXT ·vmptrld(SB), NOSPLIT, $0-9
	LEAQ vmcs+0(FP), AX
	BYTE $0x0f; BYTE $0xc7; BYTE $0x30 // VMPTRLD (AX)
	RESULT(ret+8(FP))
	RET

// func vmread(f Field) (value uint64, r Result)
TEXT ·vmread(SB), NOSPLIT, $0-17
	MOVL f+0(FP), AX
	XORL BX, BX
	BYTE $0x0f; BYTE $0x78; BYTE $0xc3 // VMREAD AX, BX
	MOVQ BX, value+8(FP)
	RESULT(r+16(FP))
	RET

// func vmwrite(f Field, value uint64) Result
TEXT ·vmwrite(SB), NOSPLIT, $0-17
	MOVL f+0(FP), AX
	MOVQ value+8(FP), BX
	BYTE $0x0f; BYTE $0x79; BYTE $0xc3 // VMWRITE BX, AX
	RESULT(ret+16(FP))
	RET

// func invept(kind uint64, d *descriptor) Result
TEXT ·invept(SB), NOSPLIT, $0-17
	MOVQ kind+0(FP), CX
	MOVQ d+8(FP), AX
	BYTE $0x66; BYTE $0x0f; BYTE $0x38; BYTE $0x80; BYTE $0x08 // INVEPT (AX), CX
	RESULT(ret+16(FP))
	RET

// func invvpid(kind uint64, d *descriptor) Result
TEXT ·invvpid(SB), NOSPLIT, $0-17
	MOVQ kind+0(FP), CX
	MOVQ d+8(FP), AX
	BYTE $0x66; BYTE $0x0f; BYTE $0x38; BYTE $0x81; BYTE $0x08 // INVVPID (AX), CX
	RESULT(ret+16(FP))
	RET

// func sgdt() uint64
TEXT ·sgdt(SB), NOSPLIT, $16-8
	LEAQ 6(SP), AX
	BYTE $0x0f; BYTE $0x01; BYTE $0x00 // SGDT (AX): 2 bytes of limit, 8 of base
	MOVQ 8(SP), AX
	MOVQ AX, ret+0(FP)
	RET

// func sidt() uint64
TEXT ·sidt(SB), NOSPLIT, $16-8
	LEAQ 6(SP), AX
	BYTE $0x0f; BYTE $0x01; BYTE $0x08 // SIDT (AX)
	MOVQ 8(SP), AX
	MOVQ AX, ret+0(FP)
	RET

// func str() uint16
TEXT ·str(SB), NOSPLIT, $0-2
	BYTE $0x0f; BYTE $0x00; BYTE $0xc8 // STR AX
	MOVW AX, ret+0(FP)
	RET

// func segments() (cs, ss, ds, es uint16)
TEXT ·segments(SB), NOSPLIT, $0-8
	MOVW CS, AX
	MOVW AX, cs+0(FP)
	MOVW SS, AX
	MOVW AX, ss+2(FP)
	MOVW DS, AX
	MOVW AX, ds+4(FP)
	MOVW ES, AX
	MOVW AX, es+6(FP)
	RET
