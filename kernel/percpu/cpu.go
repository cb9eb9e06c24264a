package percpu

import (
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/x86"
)

// StackKind names a CPU's stacks.
type StackKind uint8

// The stacks. All but Main are switched to by the processor, through the
// interrupt stack table: each can be entered at any instruction.
const (
	Main         StackKind = iota
	Fault                  // exceptions, and reports of our own bugs
	DoubleFault            // a fault that could not be delivered
	NMI                    // stop requests of a crashing CPU
	MachineCheck           // broken hardware
	stackKinds
)

// String is the stack's name in reports.
func (k StackKind) String() string {
	switch k {
	case Main:
		return "main"
	case Fault:
		return "fault"
	case DoubleFault:
		return "double fault"
	case NMI:
		return "NMI"
	case MachineCheck:
		return "machine check"
	}
	return "unknown"
}

// StackSize is how many bytes a stack has; the rest of its slot is a guard.
func (k StackKind) StackSize() uint64 {
	if k == Main {
		return 32 << 10
	}
	return 16 << 10
}

// Kinds is the number of stacks a CPU has.
const Kinds = int(stackKinds)

// CPU is a processor's own data.
type CPU struct {
	ID     int    // 0 to Count()-1; the boot CPU is 0
	APICID uint32 // the processor's name on the interrupt bus

	// Locks is the account of the spin locks that this CPU holds.
	Locks lock.Holder

	g   [stackKinds]G
	tls [stackKinds]TLS
	tables
}

// Array of all CPUs. The boot CPU's entry works from the first instruction on.
var cpus [layout.MaxCPUs]CPU

var count = 1

// Get is the CPU with a number below Count.
func Get(id int) *CPU { return &cpus[id] }

// Count is how many CPUs there are: those that Add was called for, and the boot CPU.
func Count() int { return count }

// Add makes room for one more CPU, and tells whether there was any.
func Add(apicID uint32) (*CPU, bool) {
	if count == len(cpus) {
		return nil, false
	}
	c := &cpus[count]
	c.ID = count
	c.Locks.CPU = uint32(count)
	c.APICID = apicID
	count++
	return c, true
}

// Drop takes back the last CPU that was added: it did not start.
func Drop() { count-- }

// Current is the CPU that runs this code.
func Current() *CPU {
	c, _ := Of(x86.StackPointer())
	return c
}

// Of tells whose stack an address lies on, and which. The kind is not below Kinds
// in a slot that no stack has.
func Of(sp frame.VAddr) (*CPU, StackKind) {
	slot := uint64(sp-layout.Stacks) >> layout.StackSlotShift
	if slot >= layout.MaxCPUs*layout.StacksPerCPU {
		return &cpus[0], Main
	}
	return &cpus[slot/layout.StacksPerCPU], StackKind(slot % layout.StacksPerCPU)
}

// StackTop is the end of a CPU's stack; the stack is the StackSize bytes below.
func (c *CPU) StackTop(k StackKind) frame.VAddr {
	slot := uint64(c.ID)*layout.StacksPerCPU + uint64(k)
	return layout.Stacks + frame.VAddr(slot+1)*layout.StackSlot
}

// Bounds is the stack that a stack pointer lies on, for whoever must not read
// past it. In a slot that no stack has, low and high are 0.
func Bounds(sp frame.VAddr) (low, high frame.VAddr) {
	c, k := Of(sp)
	if k >= stackKinds {
		return 0, 0
	}
	return c.g[k].stackLow, c.g[k].stackHigh
}

// IsGuard tells whether an address lies in a slot of the stacks but not on the stack.
func IsGuard(at frame.VAddr) bool {
	if at < layout.Stacks || at >= layout.StacksEnd {
		return false
	}
	c, k := Of(at)
	return k >= stackKinds || at < c.StackTop(k)-frame.VAddr(k.StackSize())
}

// UseStacks makes the CPU's stacks known to its g's, once they are mapped.
func (c *CPU) UseStacks() {
	for k := range stackKinds {
		top := c.StackTop(k)
		c.g[k].set(top-frame.VAddr(k.StackSize()), top)
		c.tls[k].set(&c.g[k])
	}
}
