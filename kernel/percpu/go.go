package percpu

import (
	"unsafe"

	"tuco/kernel/frame"
)

// stackGuard is how far above the stack's low end the limit lies. The compiler
// lets a chain of functions without a check use up to that much: the runtime's
// constant of the same name.
const stackGuard = 928

// G is the head of the Go runtime's g, the part that compiled code looks at.
// tools/mkimage compares these offsets with the debug information of the
// runtime that is linked.
type G struct {
	stackLow    frame.VAddr
	stackHigh   frame.VAddr
	stackguard0 frame.VAddr // what a prologue compares the stack pointer with
	stackguard1 frame.VAddr // the same for the runtime's own stack code
	_           [480]byte   // the rest of a g: zero, and nobody's
}

func (g *G) set(low, high frame.VAddr) {
	g.stackLow, g.stackHigh = low, high
	g.stackguard0, g.stackguard1 = low+stackGuard, low+stackGuard
}

// TLS is what FS points behind: code reloads R14 from the word below FS base
// after each call of an assembly function.
type TLS struct {
	g *G
	_ uint64 // FS base points here
}

func (t *TLS) set(g *G) { t.g = g }

// FSBase is the value of FS base that belongs to a stack of the CPU.
func (c *CPU) FSBase(k StackKind) frame.VAddr {
	return frame.VAddr(uintptr(unsafe.Pointer(&c.tls[k]))) + 8
}
