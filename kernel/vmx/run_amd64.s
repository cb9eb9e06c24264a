#include "go_asm.h"
#include "textflag.h"

#define VMREAD_AX(m)  BYTE $0x0f; BYTE $0x78; BYTE $0x43; BYTE $m // m(BX) = field AX
#define VMWRITE_AX(m) BYTE $0x0f; BYTE $0x79; BYTE $0x43; BYTE $m // field AX = m(BX)
#define VMWRITE_SP_AX BYTE $0x0f; BYTE $0x79; BYTE $0xc4 // field AX = SP
#define VMWRITE_CX_AX BYTE $0x0f; BYTE $0x79; BYTE $0xc1 // field AX = CX
#define VMLAUNCH      BYTE $0x0f; BYTE $0x01; BYTE $0xc2
#define VMRESUME      BYTE $0x0f; BYTE $0x01; BYTE $0xc3

#define GPR(n) const_regsGPR+8*n

// func Enter(guest *Guest, r *exit.Regs) (hypercall bool)
//
// What this leaves on the stack is what an exit comes back to. From the stack
// pointer that the VMCS has for the host:
//
//	0   the frame pointer
//	8   the return address
//	16  guest
//	24  r
//	32  hypercall
//
// What every exit needs is done here, because a few instructions are cheaper
// than a layer of Go.
TEXT ·Enter(SB), NOSPLIT|NOFRAME, $0-17
	MOVQ  guest+0(FP), BX
	MOVQ  r+8(FP), DI
	PUSHQ BP
	CMPQ SP, Guest_hostRSP(BX)
	JEQ  sameStack
	MOVQ SP, Guest_hostRSP(BX)
	MOVL $const_HostRSP, AX
	VMWRITE_SP_AX

sameStack:
	MOVL $const_GuestRIP, AX
	VMWRITE_AX(Guest_rip)

	MOVQ Guest_cr2(BX), AX
	MOVQ CR2, CX
	CMPQ AX, CX
	JEQ  sameCR2
	MOVQ AX, CR2

sameCR2:
	MOVUPS const_regsXMM0(DI), X0
	MOVUPS const_regsXMM14(DI), X14
	MOVUPS const_regsXMM15(DI), X15

	CMPB Guest_launched(BX), $0 // the flags last until the JNE

	MOVQ GPR(const_rax)(DI), AX
	MOVQ GPR(const_rcx)(DI), CX
	MOVQ GPR(const_rdx)(DI), DX
	MOVQ GPR(const_rbx)(DI), BX
	MOVQ GPR(const_rbp)(DI), BP
	MOVQ GPR(const_rsi)(DI), SI
	MOVQ GPR(const_r8)(DI), R8
	MOVQ GPR(const_r9)(DI), R9
	MOVQ GPR(const_r10)(DI), R10
	MOVQ GPR(const_r11)(DI), R11
	MOVQ GPR(const_r12)(DI), R12
	MOVQ GPR(const_r13)(DI), R13
	MOVQ GPR(const_r14)(DI), R14
	MOVQ GPR(const_r15)(DI), R15
	MOVQ GPR(const_rdi)(DI), DI
	JNE  resume
	VMLAUNCH
	JMP  refused

resume:
	VMRESUME

refused:
	// CF and ZF are the Result; all registers but BP are ours to spoil.
	SETCS   AX
	SETEQ   CX
	SHLB    $1, CX
	ORB     CX, AX
	MOVBQZX AX, AX
	MOVQ    $const_entryRefused, CX
	ORQ     CX, AX
	MOVQ    16(SP), BX
	MOVQ    AX, Guest_reason(BX)
	MOVB    $0, 32(SP)
	POPQ    BP
	RET

// exited is where every exit arrives: the stack as Enter left it, FS base and
// segments the host's, general and vector registers still the guest's.
TEXT ·exited(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ DI
	MOVQ  32(SP), DI
	MOVQ  AX, GPR(const_rax)(DI)
	MOVQ  CX, GPR(const_rcx)(DI)
	MOVQ  DX, GPR(const_rdx)(DI)
	MOVQ  BX, GPR(const_rbx)(DI)
	MOVQ  BP, GPR(const_rbp)(DI)
	MOVQ  SI, GPR(const_rsi)(DI)
	MOVQ  R8, GPR(const_r8)(DI)
	MOVQ  R9, GPR(const_r9)(DI)
	MOVQ  R10, GPR(const_r10)(DI)
	MOVQ  R11, GPR(const_r11)(DI)
	MOVQ  R12, GPR(const_r12)(DI)
	MOVQ  R13, GPR(const_r13)(DI)
	MOVQ  R14, GPR(const_r14)(DI)
	MOVQ  R15, GPR(const_r15)(DI)
	POPQ  AX
	MOVQ  AX, GPR(const_rdi)(DI)

	MOVUPS X0, const_regsXMM0(DI)
	MOVUPS X14, const_regsXMM14(DI)
	MOVUPS X15, const_regsXMM15(DI)

	MOVQ 16(SP), BX
	MOVW $1, Guest_launched(BX) // and clears pending behind it
	MOVQ CR2, CX
	MOVQ CX, Guest_cr2(BX)
	MOVL $const_GuestRIP, AX
	VMREAD_AX(Guest_rip)
	MOVL $const_GuestInterruptibility, AX
	VMREAD_AX(Guest_shadow)
	MOVL $const_ExitReason, AX
	VMREAD_AX(Guest_reason)
	CMPQ Guest_reason(BX), $const_ReasonVMCALL
	SETEQ 32(SP)
	JNE  done

	ADDQ  $const_lengthVMCALL, Guest_rip(BX)
	TESTQ $const_blockedShadow, Guest_shadow(BX)
	JEQ   done
	ANDQ  $~const_blockedShadow, Guest_shadow(BX)
	MOVL  $const_GuestInterruptibility, AX
	VMWRITE_AX(Guest_shadow)
	MOVL  $const_GuestPendingDebug, AX
	XORL  CX, CX
	VMWRITE_CX_AX

done:
	MOVQ 0(SP), BP // Enter pushed it
	LEAQ 8(SP), SP
	RET

// func exitEntry() unsafe.Pointer
TEXT ·exitEntry(SB), NOSPLIT, $0-8
	LEAQ ·exited(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func raiseNMI()
TEXT ·raiseNMI(SB), NOSPLIT, $0-0
	BYTE $0xcd; BYTE $0x02 // INT $2: its IRET also lets the next NMI in
	RET

// func raiseMachineCheck()
TEXT ·raiseMachineCheck(SB), NOSPLIT, $0-0
	BYTE $0xcd; BYTE $0x12 // INT $18
	RET
