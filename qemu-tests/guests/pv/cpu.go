package pv

import (
	"unsafe"

	"tuco/hypercall"
)

// MaxCPUs is how many vCPUs a guest can use.
const MaxCPUs = 12

// CPU is what a vCPU keeps for itself.
type CPU struct {
	self *CPU // at GS:0, where assembly code finds it
	ID   uint32

	g   goroutine
	tls tls

	trapLow, trapHigh uint64 // the trap stack
	catchSP           uint64 // where the innermost Catch left off; 0: there is none
	caught            Trap   // why it came back
	userSP            uint64 // where User.Run left off; 0: nobody is in user mode
	userExit          Frame  // how that ended

	Info *hypercall.VCPUInfo // shared with the hypervisor
}

const (
	mainStack = 64 << 10
	trapStack = 64 << 10
	// stackGuard is the runtime's constant of that name: how far above the stack's end a function's
	// check stops, so that a chain of functions without a check has room.
	stackGuard = 928
)

var cpus [MaxCPUs]CPU

// stacks holds each vCPU's ordinary stack and above it the trap stack.
var stacks [MaxCPUs]struct {
	main [mainStack]byte
	trap [trapStack]byte
}

// goroutine is the head of the runtime's g, as compiled code looks at it. tools/mkimage compares the
// offsets with the runtime that is linked.
type goroutine struct {
	stackLow    uint64
	stackHigh   uint64
	stackguard0 uint64 // what a function's prologue compares the stack pointer with
	stackguard1 uint64
	_           [480]byte // the rest of a g: nobody's
}

// tls is what FS points behind: compiled code reloads its g from the word below FS base.
type tls struct {
	g    *goroutine
	self uint64 // FS base points here, and this says where it is
}

// prepare makes a vCPU's structure ready for [enter]. One g serves both stacks, whose lower end it
// guards: what overflows the trap stack runs into the ordinary one.
func (c *CPU) prepare(id uint32) {
	c.self, c.ID = c, id
	low, trap := Address(&stacks[id].main), Address(&stacks[id].trap)
	c.g.stackLow, c.g.stackHigh = low, trap
	c.g.stackguard0, c.g.stackguard1 = low+stackGuard, low+stackGuard
	c.tls.g, c.tls.self = &c.g, Address(&c.tls.self)
	c.trapLow, c.trapHigh = trap, trap+trapStack
}

// KernelStack is where the stack for entries from user mode begins.
func (c *CPU) KernelStack() uint64 { return c.trapHigh }

// This is the vCPU that runs the caller.
func This() *CPU

// Address is where a variable is, as a number that hypercalls take.
func Address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// At is what lies at an address. The conversion is written here once: vet rightly distrusts it in programs with a moving
// heap.
func At[T any](address uint64) *T { return *(**T)(unsafe.Pointer(&address)) }

// TextAddress is where a text is.
func TextAddress(s string) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))) }
