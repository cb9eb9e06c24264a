// DONE is how user mode says that it has come to an end without a trap: by SYSCALL. For the kernel it is the hypercall
// xen_version, which changes nothing.
#define DONE \
	MOVL $17, AX \
	XORL DI, DI  \
	SYSCALL

// PREFIX is XEN_EMULATE_PREFIX.
#define PREFIX UNDEF; BYTE $0x78; BYTE $0x65; BYTE $0x6e
