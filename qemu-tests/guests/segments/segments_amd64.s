#include "../pv/code_amd64.h"
#include "textflag.h"

// func limitOf(selector uint64) (limit uint64, ok bool)
TEXT ·limitOf(SB), NOSPLIT, $0-17
	MOVQ  selector+0(FP), AX
	XORL  CX, CX
	LSLL  AX, CX
	SETEQ ok+16(FP)
	MOVQ  CX, limit+8(FP)
	RET

// func loadDS(selector uint64)
TEXT ·loadDS(SB), NOSPLIT, $0-8
	MOVQ selector+0(FP), AX
	MOVW AX, DS
	XORL AX, AX
	MOVW AX, DS
	RET

// func loadSS(selector uint64)
TEXT ·loadSS(SB), NOSPLIT, $0-8
	MOVQ selector+0(FP), AX
	MOVW AX, SS
	MOVL $0xe02b, AX
	MOVW AX, SS
	RET

// userBases reads by both bases.
TEXT ·userBases(SB), NOSPLIT, $0-0
	MOVQ 0(FS), R8
	MOVQ 0(GS), R9
	DONE
	RET

// userSelectors reads the selectors.
TEXT ·userSelectors(SB), NOSPLIT, $0-0
	MOVW FS, R8
	MOVW GS, R9
	DONE
	RET

// userWriteBases sets the bases by instructions, and reads by them.
TEXT ·userWriteBases(SB), NOSPLIT, $0-0
	MOVQ ·otherBase(SB), AX
	WRFSBASEQ AX
	WRGSBASEQ AX
	MOVQ 0(FS), R8
	MOVQ 0(GS), R9
	RDFSBASEQ R12
	RDGSBASEQ R13
	DONE
	RET

// func kernelBases(base uint64) (fs, gs, atFS, atGS uint64)
//
// No trap may come between, and the base of FS is put back by a hypercall.
TEXT ·kernelBases(SB), NOSPLIT, $0-40
	MOVQ base+0(FP), AX
	RDFSBASEQ R12
	RDGSBASEQ R13
	WRFSBASEQ AX
	WRGSBASEQ AX
	MOVQ 0(FS), R8
	MOVQ 0(GS), R9
	WRFSBASEQ R12
	WRGSBASEQ R13
	MOVQ R12, fs+8(FP)
	MOVQ R13, gs+16(FP)
	MOVQ R8, atFS+24(FP)
	MOVQ R9, atGS+32(FP)
	RET

// func setKernelBase(which, base uint64) (at, result uint64)
//
// Sets a base by the hypercall, reads by FS (which 0) or GS, and puts it back.
TEXT ·setKernelBase(SB), NOSPLIT, $0-32
	MOVQ which+0(FP), DI
	MOVQ base+8(FP), SI
	MOVQ 0(FS), R12 // both point at a word that holds their own address
	MOVQ 0(GS), R13
	MOVL $25, AX
	MOVQ DI, BX
	SYSCALL
	MOVQ AX, result+24(FP)
	MOVQ BX, DI
	CMPQ BX, $0
	JNE  gs
	MOVQ 0(FS), R8
	MOVQ R12, SI
	JMP  restore

gs:
	MOVQ 0(GS), R8
	MOVQ R13, SI

restore:
	MOVQ R8, at+16(FP)
	MOVL $25, AX
	SYSCALL
	RET

// func undefined()
TEXT ·undefined(SB), NOSPLIT, $0-0
	UNDEF
	RET
