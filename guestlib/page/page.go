// Package page is memory that others than the program look at: pages outside of Go's heap, which nothing moves or frees, and
// whose machine frames can be named to the hypervisor and to other domains.
package page

import (
	"os"
	"syscall"
	"unsafe"

	"tuco/guestlib/gate"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// Size is the size of a page.
const Size = 4096

// A Run is pages in one piece, as the program sees them; their machine frames have no order.
type Run struct {
	bytes []byte
	frame func(i int) hypercall.XenPFN
	free  func() error
}

// New makes a run of memory that the caller has. Tests make pages so, of frames that they have invented.
func New(bytes []byte, frame func(i int) hypercall.XenPFN, free func() error) *Run {
	return &Run{bytes, frame, free}
}

// Alloc allocates some pages, all of them zero and mapped. ENOMEM: there are not so many.
func Alloc(n int) (*Run, error) {
	const populateWrite = 23
	base, err := reserve(n, syscall.PROT_READ|syscall.PROT_WRITE)
	if err != nil {
		return nil, err
	}
	size := uintptr(n) * Size
	if err := call("populate pages", gate.Madvise, base, size, populateWrite, 0); err != nil {
		call("free pages", gate.Munmap, base, size, 0, 0)
		return nil, err
	}
	bytes := unsafe.Slice(hypercalls.At[byte](uint64(base)), size)
	frame := func(i int) hypercall.XenPFN { return frameAt(unsafe.Pointer(&bytes[i*Size])) }
	return New(bytes, frame, func() error { return call("free pages", gate.Munmap, base, size, 0, 0) }), nil
}

// frameAt is the machine frame of a page that is mapped.
func frameAt(p unsafe.Pointer) hypercall.XenPFN {
	mfn := gate.Call(gate.PageFrame, uintptr(p), 0, 0, 0, 0)
	if gate.Errno(mfn) != 0 {
		panic("page: a page has lost its frame")
	}
	return hypercall.XenPFN(mfn)
}

// FrameOf is the machine frame of the page with a byte of the program's memory, wherever that is. It is another after the domain was
// suspended. The memory has to stay in use meanwhile, and must not be on a stack.
func FrameOf(p *byte) hypercall.XenPFN {
	touch(p) // so that it is mapped, if nobody has used it yet
	return frameAt(unsafe.Pointer(p))
}

//go:noinline
func touch(p *byte) byte { return *p }

// Offset is where in its page a byte is.
func Offset(p *byte) int { return int(uintptr(unsafe.Pointer(p)) % Size) }

// Len is how many pages there are.
func (r *Run) Len() int { return len(r.bytes) / Size }

// Bytes is the memory.
func (r *Run) Bytes() []byte { return r.bytes }

// Page is the memory of one page.
func (r *Run) Page(i int) []byte { return r.bytes[i*Size : (i+1)*Size : (i+1)*Size] }

// Frame is the machine frame of a page. It is another after the domain was suspended.
func (r *Run) Frame(i int) hypercall.XenPFN { return r.frame(i) }

// Free gives the pages back. Nobody may use the memory any more, neither here nor, by a grant, elsewhere.
func (r *Run) Free() error {
	r.bytes = nil
	return r.free()
}

// A Room is addresses at which pages can be mapped that are not this domain's. An access where none is mapped is a fault.
type Room struct {
	base uintptr
	n    int
}

// Reserve makes room for some pages. ENOMEM: there is none.
func Reserve(n int) (*Room, error) {
	base, err := reserve(n, syscall.PROT_NONE)
	if err != nil {
		return nil, err
	}
	return &Room{base, n}, nil
}

// Address is where a page of the room is.
func (r *Room) Address(i int) uint64 { return uint64(r.base) + uint64(i)*Size }

// Bytes is the memory from a page on.
func (r *Room) Bytes(i, n int) []byte {
	return unsafe.Slice(hypercalls.At[byte](r.Address(i)), n*Size)
}

// Prepare sees to the page tables above a page, so that the hypervisor can map something there. Where it does not, Unmap gives
// them back.
func (r *Room) Prepare(i int) error {
	return call("make page tables", gate.PagePrepare, uintptr(r.Address(i)), 0, 0, 0)
}

// Map maps a machine frame that the hypervisor lets this domain have. The error is the hypervisor's.
func (r *Room) Map(i int, mfn hypercall.XenPFN) error {
	return call("map a frame", gate.PageMap, uintptr(r.Address(i)), uintptr(mfn), 0, 0)
}

// MapDevice maps a frame of a device's, which the domain must have been given, so that each access reaches the device. The error is the hypervisor's.
func (r *Room) MapDevice(i int, mfn hypercall.XenPFN) error {
	return call("map a device's frame", gate.PageMapDevice, uintptr(r.Address(i)), uintptr(mfn), 0, 0)
}

// MapOthers maps machine frames of another domain, from a page on; those of DOMID_XEN to be read only. When one is refused, those before it may be mapped: UnmapAll
// takes them away. EPERM: this domain has no rights over the other. ESRCH: there is no such domain. EBUSY, EINVAL: it does
// not have one of the frames, or has a page table there.
func (r *Room) MapOthers(i int, owner hypercall.DomID, frames []hypercall.XenPFN) error {
	if i < 0 || i+len(frames) > r.n {
		return os.NewSyscallError("map frames of another domain", syscall.EINVAL)
	}
	if len(frames) == 0 {
		return nil
	}
	err := gate.Errno(gate.Call(gate.PageMapOthers, uintptr(r.Address(i)), uintptr(unsafe.Pointer(&frames[0])), uintptr(len(frames)), uintptr(owner), 0))
	if err != 0 {
		return os.NewSyscallError("map frames of another domain", syscall.Errno(err))
	}
	return nil
}

// UnmapAll takes away all that is mapped in the room.
func (r *Room) UnmapAll() error {
	return call("unmap frames", gate.PageUnmapAll, r.base, uintptr(r.n), 0, 0)
}

// A Ticket stands for a mapping that was asked for. The hypervisor is asked for many at once: until the ticket is done, nothing
// may be expected of the page, and none, or another error, may come of it.
type Ticket struct{ number uintptr }

// MapLater asks for the mapping of a machine frame. The error tells that it could not be asked for.
func (r *Room) MapLater(i int, mfn hypercall.XenPFN) (Ticket, error) {
	t := gate.Call(gate.PageMapLater, uintptr(r.Address(i)), uintptr(mfn), 0, 0, 0)
	if err := gate.Errno(t); err != 0 {
		return Ticket{}, os.NewSyscallError("map a frame", syscall.Errno(err))
	}
	return Ticket{t}, nil
}

// Done tells whether the hypervisor has answered. It does not make it do so.
func (t Ticket) Done() bool { return gate.Call(gate.TicketDone, t.number, 0, 0, 0, 0) == 1 }

// Wait returns when the hypervisor has answered, for this ticket and for those before it. The error is the hypervisor's about
// this one. It is remembered until some tens of others were refused.
func (t Ticket) Wait() error {
	return call("map a frame", gate.TicketWait, t.number, 0, 0, 0)
}

// Unmap takes a mapping away.
func (r *Room) Unmap(i int) error {
	return call("unmap a frame", gate.PageUnmap, uintptr(r.Address(i)), 0, 0, 0)
}

// Free gives the room back, in which nothing is mapped any more.
func (r *Room) Free() error {
	return call("free addresses", gate.Munmap, r.base, uintptr(r.n)*Size, 0, 0)
}

func reserve(n int, protection uintptr) (base uintptr, err error) {
	if n <= 0 {
		return 0, os.NewSyscallError("allocate pages", syscall.EINVAL)
	}
	r := gate.Call(gate.Mmap, 0, uintptr(n)*Size, protection, syscall.MAP_ANON|syscall.MAP_PRIVATE, 0)
	if err := gate.Errno(r); err != 0 {
		return 0, os.NewSyscallError("allocate pages", syscall.Errno(err))
	}
	return r, nil
}

func call(what string, number, a1, a2, a3, a4 uintptr) error {
	if err := gate.Errno(gate.Call(number, a1, a2, a3, a4, 0)); err != 0 {
		return os.NewSyscallError(what, syscall.Errno(err))
	}
	return nil
}
