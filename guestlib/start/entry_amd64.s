#include "go_asm.h"
#include "textflag.h"

#define nrSetSegmentBase 25

// entry is where the hypervisor starts the guest: in kernel mode, with the address of the start_info in SI, on a stack of
// the builder's. It makes Go code possible, calls start, and then lets the program's runtime begin as if a Linux process
// had.
TEXT ·entry(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ  ·stack(SB), AX
	LEAQ  ·startG(SB), R14
	MOVQ  AX, SP
	ADDQ  $(const_stackSize-const_argumentsSize), SP
	MOVQ  AX, 0(R14)  // stack.lo
	MOVQ  SP, 8(R14)  // stack.hi
	LEAQ  928(AX), AX
	MOVQ  AX, 16(R14) // stackguard0
	MOVQ  AX, 24(R14) // stackguard1
	MOVQ  R14, ·startTLS(SB)
	MOVQ  SI, R12
	MOVL  $nrSetSegmentBase, AX
	XORL  DI, DI      // FS
	LEAQ  ·startTLS+8(SB), SI
	SYSCALL
	XORPS X15, X15
	MOVQ  R12, AX
	MOVQ  ·startFunc(SB), DX
	SUBQ  $32, SP     // the callee may keep its arguments there
	CALL  (DX)
	MOVQ  AX, SP
	LEAQ  tuco∕guestlib∕cpu·systemCall(SB), CX
	MOVQ  CX, runtime·guestEntryPointer(SB)
	MOVQ  CX, tuco∕guestlib∕gate·entry(SB)
	LEAQ  tuco∕guestlib∕clock·Gettime(SB), CX
	MOVQ  CX, runtime·vdsoClockgettimeSym(SB)
	CALL  runtime·guestProfiling(SB)
	MOVB  $0, 1(GS)   // events may come
	JMP   _rt0_amd64_linux(SB)
