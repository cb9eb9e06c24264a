// What every probe is made of. R12 to R15 and BX, which hypercalls keep, are the probe's own.

#define nrTucoOp 55
#define cmdExits 1
#define nrSetSegmentBase 25

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

