package pvbuild

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// The instructions of the hypercall page. AMD64 Architecture Programmer's
// Manual vol. 3, "General-Purpose Instruction Reference".
const (
	pushRCX = "\x51"
	pushR11 = "\x41\x53"
	pushRAX = "\x50"
	movEAX  = "\xb8" // and the number, in 4 bytes
	syscall = "\x0f\x05"
	popR11  = "\x41\x5b"
	popRCX  = "\x59"
	ret     = "\xc3"
	int3    = 0xcc
)

// fillHypercallPage writes the page that a kernel calls at number*32 to make
// a hypercall. SYSCALL changes RCX and R11, which the entry keeps for the caller.
// iret is jumped to and does not come back: it pushes the first three words of its frame,
// struct iret_context. Public header arch-x86/xen-x86_64.h.
func fillHypercallPage(p *page) {
	for k := range p {
		p[k] = int3
	}
	for n := range hypercall.Number(frame.PageSize / hypercall.EntrySize) {
		e := encoder{p[n*hypercall.EntrySize:][:hypercall.EntrySize]}
		e.put(pushRCX)
		e.put(pushR11)
		if n == hypercall.HYPERVISOR_iret {
			e.put(pushRAX)
		}
		e.put(movEAX)
		e.number(uint32(n))
		e.put(syscall)
		if n != hypercall.HYPERVISOR_iret {
			e.put(popR11)
			e.put(popRCX)
			e.put(ret)
		}
	}
}

// encoder writes instructions one after the other.
type encoder struct{ rest []byte }

func (e *encoder) put(code string) { e.rest = e.rest[copy(e.rest, code):] }

func (e *encoder) number(n uint32) {
	binary.LittleEndian.PutUint32(e.rest, n)
	e.rest = e.rest[4:]
}
