package hypercall

// The commands of console_io. Public header xen.h.
const (
	CONSOLEIO_write = 0
	CONSOLEIO_read  = 1
)
