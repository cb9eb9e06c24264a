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
