#include "../pv/code_amd64.h"
#include "textflag.h"

#define flagTF 0x100
#define NOP BYTE $0x90

// The assembler's ANDQ has an immediate of 4 bytes.
TEXT ·stepped(SB), NOSPLIT, $8-0
	PUSHFQ
	ORQ  $flagTF, (SP)
	POPFQ
	NOP
	NOP
	PUSHFQ
	ANDQ $~flagTF, (SP)
	POPFQ
	DONE
	RET

TEXT ·steppedSyscall(SB), NOSPLIT, $8-0
	PUSHFQ
	ORQ  $flagTF, (SP)
	POPFQ
	NOP
	SYSCALL
	NOP
	UNDEF
	RET

#define VMCALL BYTE $0x0f; BYTE $0x01; BYTE $0xc1
#define VMMCALL BYTE $0x0f; BYTE $0x01; BYTE $0xd9

TEXT ·steppedShadow(SB), NOSPLIT, $8-0
	MOVW SS, R8
	PUSHFQ
	ORQ  $flagTF, (SP)
	POPFQ
	MOVW R8, SS
	CPUID
	NOP
	MOVW R8, SS
	VMCALL
	NOP
	MOVW R8, SS
	VMMCALL
	NOP
	PUSHFQ
	ANDQ $~flagTF, (SP)
	POPFQ
	DONE
	RET
