package hypercall

// The virtual interrupts. Public header xen.h. Those of a vCPU are bound once
// on each; the global ones once in a domain, on vCPU 0 first.
const (
	VIRQ_TIMER      = 0  // vCPU: a timer of the vCPU's has run out
	VIRQ_DEBUG      = 1  // vCPU: somebody asks for a dump
	VIRQ_CONSOLE    = 2  // domain 0: input on the hypervisor's console
	VIRQ_DOM_EXC    = 3  // domain 0: a domain has shut down or died
	VIRQ_TBUF       = 4  // domain 0: trace records are there
	VIRQ_DEBUGGER   = 6  // domain 0: a domain has stopped for its debugger
	VIRQ_XENOPROF   = 7  // vCPU: profiling
	VIRQ_CON_RING   = 8  // domain 0: output on the hypervisor's console
	VIRQ_PCPU_STATE = 9  // domain 0: a pCPU came or went
	VIRQ_MEM_EVENT  = 10 // domain 0: memory event
	VIRQ_ARGO       = 11 // argo
	VIRQ_ENOMEM     = 12 // domain 0: the hypervisor's memory runs low
	VIRQ_XENPMU     = 13 // vCPU: performance counters
	VIRQ_ARCH_0     = 16 // domain 0: machine check
	NR_VIRQS        = 24
)
