// What every probe is made of. R12 to R15 and BX, which hypercalls keep, are the probe's own.

#define nrSetTrapTable 0
#define nrStackSwitch 3
#define nrSetCallbacks 4
#define nrXenVersion 17
#define nrIret 23
#define nrSetSegmentBase 25
#define nrTucoOp 55
#define cmdExits 1

// The event mask, the pending flag and the words with pending ports, in the vCPU's information at GS base.
#define MASK 1(GS)
#define PENDING 0(GS)
#define WORDS 8(GS)

// COUNT asks how often the vCPU has left its container. Xen doesn't know, and writes nothing.
#define COUNT(to) \
	MOVL $nrTucoOp, AX \
	MOVL $cmdExits, DI \
	LEAQ to, SI \
	SYSCALL

// BEGIN and END are the two readings. 32 bits are enough.
#define BEGIN \
	LFENCE \
	RDTSC \
	MOVL AX, R12

#define END \
	LFENCE \
	RDTSC \
	SUBL R12, AX \
	MOVL AX, R12

// LOAD loads the arguments of the call at BX that reading the time stamp counter leaves alone, and REST the others.
#define LOAD \
	MOVQ (Call_Args+0)(BX), DI \
	MOVQ (Call_Args+8)(BX), SI \
	MOVQ (Call_Args+24)(BX), R10 \
	MOVQ (Call_Args+32)(BX), R8

#define REST \
	MOVQ Call_Number(BX), AX \
	MOVQ (Call_Args+16)(BX), DX

// FOUND keeps what was found. KEEP is for what has no result.
#define FOUND \
	MOVQ R12, ·ticks(SB) \
	MOVQ R13, ·result(SB)

#define KEEP \
	XORL R13, R13 \
	FOUND

// IRET returns from a frame of the hypervisor's, which has RCX and R11 below what a processor pushes. The flags are 0, or
// VGCF_in_syscall.
#define IRET(flags) \
	POPQ  CX \
	POPQ  R11 \
	PUSHQ $flags \
	PUSHQ CX \
	PUSHQ R11 \
	PUSHQ AX \
	MOVL  $nrIret, AX \
	SYSCALL
