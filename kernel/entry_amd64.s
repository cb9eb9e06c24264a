#include "textflag.h"

// entry is where the boot code enters the linked Go program: in long mode, on
// the boot page tables, with the address of the boot.Handoff in DI.
TEXT ·entry(SB), NOSPLIT|NOFRAME, $0-0
	CALL tuco∕kernel∕rt·Link(SB)
	MOVQ DI, AX
	MOVQ ·startFunc(SB), DX
	JMP  tuco∕kernel∕percpu·bootCPU(SB)

// secondEntry is where the trampoline brings an application processor: in long
// mode, on the boot page tables, with the address of its percpu.CPU in DI.
TEXT ·secondEntry(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ ·hostRoot(SB), AX
	MOVQ AX, CR3
	MOVQ DI, AX
	MOVQ DI, BX
	MOVQ ·enterCPUFunc(SB), DX
	JMP  tuco∕kernel∕percpu·begin(SB)

// func secondEntryAt() frame.VAddr
TEXT ·secondEntryAt(SB), NOSPLIT, $0-8
	LEAQ ·secondEntry(SB), AX
	MOVQ AX, ret+0(FP)
	RET
