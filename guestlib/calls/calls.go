package calls

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// A Call is a system call on its way down. It has to stay on the stack of the goroutine that calls, as a variable that does
// not escape: see [Call.Pointer]. So it is passed on by its value.
type Call struct {
	Number uintptr
	// Args is the arguments. Where one points into the caller's stack, which moves when it grows, its number here means
	// nothing: ask Pointer.
	Args    [6]uintptr
	onStack [6]unsafe.Pointer
}

// Int is an argument that the system call takes for a C int.
func (c *Call) Int(i int) int { return int(int32(c.Args[i])) }

// OnStack tells that an argument points into the caller's stack.
func (c *Call) OnStack(i int) bool { return c.onStack[i] != nil }

// Pointer is an argument that is an address.
//
// What it points at may lie on the stack of the goroutine that calls. So it must not be kept where that goroutine's stack
// does not reach (a variable that escapes, another goroutine), nor become a number. What has to go there is copied.
func (c *Call) Pointer(i int) unsafe.Pointer {
	if p := c.onStack[i]; p != nil {
		return p
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&c.Args[i]))
}

// Bytes is the memory that argument i points at, of the size that argument n tells: see [Call.Pointer].
func (c *Call) Bytes(i, n int) []byte {
	const most = 0x7fff_f000 // as on Linux
	if c.Args[n] == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(c.Pointer(i)), min(c.Args[n], most))
}

// Text is the string that argument i points at, which a zero ends, copied; most is the length that it may have. It is EFAULT
// where there is none, and ENAMETOOLONG where it is longer.
func (c *Call) Text(i, most int) (string, syscall.Errno) {
	p := (*byte)(c.Pointer(i))
	if p == nil {
		return "", syscall.EFAULT
	}
	for n := range most + 1 {
		if *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) == 0 {
			return string(unsafe.Slice(p, n)), 0
		}
	}
	return "", syscall.ENAMETOOLONG
}

// A Handler answers a call, with a result or an error, or says that it is not its own.
type Handler func(c Call) (result uintptr, err syscall.Errno, own bool)

// handlers is who is asked, by the call's number, in the order of their registration. A list is never changed, but replaced:
// others may be answering calls by it.
var (
	handlers    [maxNumber]atomic.Pointer[[]Handler]
	registering sync.Mutex
)

// maxNumber is above all system calls that there are.
const maxNumber = 512

// Handle registers a handler for calls by their numbers.
func Handle(h Handler, numbers ...uintptr) {
	registering.Lock()
	defer registering.Unlock()
	for _, n := range numbers {
		list := append(slices.Clip(handlersOf(n)), h)
		handlers[n].Store(&list)
	}
}

func handlersOf(number uintptr) []Handler {
	if list := handlers[number].Load(); list != nil {
		return *list
	}
	return nil
}

// guestAnswer is what tools/goport has package syscall ask.
//
//go:linkname guestAnswer syscall.guestAnswer
var guestAnswer func(trap uintptr, args [6]uintptr, onStack [6]unsafe.Pointer) (r1, r2 uintptr, err syscall.Errno, own bool)

// Begin has package syscall ask here. Package files does it, which is the first that is asked.
func Begin() { guestAnswer = Answer }

// Answer asks the handlers.
func Answer(trap uintptr, args [6]uintptr, onStack [6]unsafe.Pointer) (r1, r2 uintptr, err syscall.Errno, own bool) {
	if trap >= maxNumber {
		return 0, 0, 0, false
	}
	for _, h := range handlersOf(trap) {
		r, err, own := h(Call{trap, args, onStack})
		switch {
		case own && err != 0:
			return ^uintptr(0), 0, err, true
		case own:
			return r, 0, 0, true
		}
	}
	return 0, 0, 0, false
}
