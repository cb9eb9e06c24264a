#include "go_asm.h"
#include "textflag.h"

// Instructions that Go's assembler does not know. VMLOAD, VMRUN and VMSAVE
// take the machine address of a control block in RAX.
#define VMRUN  BYTE $0x0f; BYTE $0x01; BYTE $0xd8
#define VMLOAD BYTE $0x0f; BYTE $0x01; BYTE $0xda
#define VMSAVE BYTE $0x0f; BYTE $0x01; BYTE $0xdb
#define STGI   BYTE $0x0f; BYTE $0x01; BYTE $0xdc
#define CLGI   BYTE $0x0f; BYTE $0x01; BYTE $0xdd
#define INVLPGA BYTE $0x0f; BYTE $0x01; BYTE $0xdf // page in RAX, ASID in ECX

// Offsets in exit.Regs.
#define GPR(n) (8*n)
#define XMM0 128
#define XMM14 144
#define XMM15 160

// func saveHost(page frame.MAddr)
TEXT ·saveHost(SB), NOSPLIT, $0-8
	MOVQ page+0(FP), AX
	VMSAVE
	RET

// func invlpga(a frame.VAddr, asid uint32)
TEXT ·invlpga(SB), NOSPLIT, $0-12
	MOVQ a+0(FP), AX
	MOVL asid+8(FP), CX
	INVLPGA
	RET

// Offsets in the control block, whose address is in BX.
#define guestRAX (vmcb_save+saveArea_rax)(BX)
#define guestRIP (vmcb_save+saveArea_rip)(BX)
#define shadow (vmcb_control+controlArea_shadow)(BX)
#define exitCode (vmcb_control+controlArea_exitCode)(BX)
#define eventInject (vmcb_control+controlArea_eventInject)(BX)
#define tlbControl (vmcb_control+controlArea_tlbControl)(BX)
#define clean (vmcb_control+controlArea_clean)(BX)

// func Enter(guest *Guest, r *exit.Regs) (hypercall bool)
//
// RSP, RIP and RFLAGS are moved by VMRUN, and RAX to and from the control
// block. Between CLGI and the second VMLOAD the FS base is not ours; nothing
// there uses it, and nothing can interrupt. Of our own registers only BP has
// to survive.
//
// What every exit needs is done here, because a few instructions are cheaper
// than a layer of Go.
TEXT ·Enter(SB), NOSPLIT, $0-17
	PUSHQ BP
	MOVQ  guest+0(FP), CX
	MOVQ  r+8(FP), DI
	MOVQ  Guest_vmcb(CX), BX
	MOVQ  Guest_machine(CX), AX
	MOVQ  GPR(0)(DI), DX
	MOVQ  DX, guestRAX

	MOVUPS XMM0(DI), X0
	MOVUPS XMM14(DI), X14
	MOVUPS XMM15(DI), X15

	MOVQ GPR(1)(DI), CX
	MOVQ GPR(2)(DI), DX
	MOVQ GPR(3)(DI), BX
	MOVQ GPR(5)(DI), BP
	MOVQ GPR(6)(DI), SI
	MOVQ GPR(8)(DI), R8
	MOVQ GPR(9)(DI), R9
	MOVQ GPR(10)(DI), R10
	MOVQ GPR(11)(DI), R11
	MOVQ GPR(12)(DI), R12
	MOVQ GPR(13)(DI), R13
	MOVQ GPR(14)(DI), R14
	MOVQ GPR(15)(DI), R15
	MOVQ GPR(7)(DI), DI

	CLGI
	STI
	VMLOAD
	VMRUN
	VMSAVE

	MOVQ r+8(FP), AX
	MOVQ CX, GPR(1)(AX)
	MOVQ DX, GPR(2)(AX)
	MOVQ BX, GPR(3)(AX)
	MOVQ BP, GPR(5)(AX)
	MOVQ SI, GPR(6)(AX)
	MOVQ DI, GPR(7)(AX)
	MOVQ R8, GPR(8)(AX)
	MOVQ R9, GPR(9)(AX)
	MOVQ R10, GPR(10)(AX)
	MOVQ R11, GPR(11)(AX)
	MOVQ R12, GPR(12)(AX)
	MOVQ R13, GPR(13)(AX)
	MOVQ R14, GPR(14)(AX)
	MOVQ R15, GPR(15)(AX)

	MOVUPS X0, XMM0(AX)
	MOVUPS X14, XMM14(AX)
	MOVUPS X15, XMM15(AX)

	MOVQ guest+0(FP), CX
	MOVQ Guest_vmcb(CX), BX
	MOVQ guestRAX, DX
	MOVQ DX, GPR(0)(AX)

	// The event went in, or the exit says that it did not; the flush was done;
	// and the processor may keep what it has of the control block. An interrupt's
	// handler may ask for another flush: so this is over before one can come.
	MOVQ  $0, eventInject
	MOVB  $0, tlbControl
	MOVL  $const_cleanAll, clean

	MOVQ Guest_host(CX), AX
	VMLOAD
	CLI
	STGI

	// No interrupt comes here, for CLI is before STGI. QEMU has let one in once; the
	// handler found the guest's registers, which is why it relies on none (package idt).
	CMPQ  exitCode, $const_codeVMMCALL
	SETEQ hypercall+16(FP)
	JNE   done
	ADDQ  $const_lengthVMMCALL, guestRIP
	MOVQ  $0, shadow

done:
	POPQ BP
	RET

// func raiseMachineCheck()
TEXT ·raiseMachineCheck(SB), NOSPLIT, $0-0
	INT $18
	RET
