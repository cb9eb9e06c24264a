// Package gate is how the library's upper packages, which are ordinary Go, call its lower ones, which run below the Go
// runtime: by numbers of the library's own, on the way that the runtime's system calls take. So the lower packages run as
// they always do: on the thread's own stack, with events masked.
//
// In a program that is no guest, such as a test on the host, there is nothing behind the gate, and each call answers ENOSYS.
package gate

// The numbers of calls. They are out of the way of Linux' system calls, which can be called here too.
const (
	SoftOpen      = 0x7475_0000 + iota // as FileOpen -> the number of a soft descriptor, whose readiness is told by the next two
	SoftRaise                          // descriptor, bits
	SoftLower                          // descriptor, bits
	ChannelOpen                        // port, 1 if it outlives the descriptor -> a descriptor that is readable when an event has come
	ChannelTake                        // descriptor -> 1 if an event had come, or 0; the port is unmasked then
	ChannelUnmask                      // descriptor
	PageFrame                          // address -> the machine frame that is mapped there
	PagePrepare                        // address in an area without access: there are page tables for it
	PageMap                            // address in an area without access, machine frame
	PageUnmap                          // address in an area without access
	StartInfo                          // -> the address of hypercall.StartInfo
	MemoryPages                        // -> how many pages have a frame
	MemoryGive                         // most -> how many free frames went back to the hypervisor
	MemoryTake                         // most -> how many frames came from the hypervisor
	FileOpen                           // lowest number, 1 if that only -> the number of a descriptor that the poller does not take
	FreePages                          // -> how many of the domain's pages nobody has
	ConsoleRead                        // where to, size -> size; waits until somebody has typed something
	ConsoleWrite                       // from where, size -> size
	Suspend                            // -> 1 if it was cancelled, 0 in the restored domain
	PageMapLater                       // address in an area without access, machine frame -> a ticket
	TicketDone                         // ticket -> 1 if the hypervisor has answered for it, or 0
	TicketWait                         // ticket: 0, or why the hypervisor refused
	PageMapDevice                      // as PageMap, for a frame of a device's
	PageMapOthers                      // address in an area without access, machine frames, how many, of which domain
	PageUnmapAll                       // address in an area without access, how many pages
	UpdateRing                         // 1 or 0: whether page-table updates are to go by a ring -> 1 if they do from now on, or 0
)

// Linux' numbers of calls that are made here.
const (
	Close   = 3  // descriptor
	Mmap    = 9  // address or 0, size, protection, flags -> address
	Munmap  = 11 // address, size
	Madvise = 28 // address, size, advice
)

// Call makes a call. The result is as of a Linux system call: see [Errno]. An address among the arguments has to be converted
// in the call's own argument list, so that what is there stays there.
func Call(number, a1, a2, a3, a4, a5 uintptr) (result uintptr)

// Errno is the number of the error, as syscall has them, that a result stands for, or 0.
func Errno(result uintptr) uintptr {
	const most = 4095
	if -result <= most {
		return -result
	}
	return 0
}

// Guest tells whether the program runs as a guest.
func Guest() bool { return entry != 0 }

// entry is where the library answers calls, which package start says.
var entry uintptr
