package percpu

import "tuco/kernel/layout"

// Constants for the assembly code.
const (
	stacks            = uint64(layout.Stacks)
	stackSlotShift    = layout.StackSlotShift
	stackSlots        = layout.MaxCPUs * layout.StacksPerCPU
	stacksPerCPU      = layout.StacksPerCPU
	stacksPerCPUShift = 3
	_                 = uint(stacksPerCPU - 1<<stacksPerCPUShift) // the two agree
	_                 = uint(1<<stacksPerCPUShift - stacksPerCPU)
)

// bootStackSize is the size of the stack that the boot CPU begins on, in bytes.
const bootStackSize = 16 << 10

// bootStack serves until the boot CPU's own stacks are mapped.
//
//lint:ignore U1000 the assembly code refers to it
var bootStack [bootStackSize]byte

// Run continues on the CPU's main stack, with its g, in f. It does not return.
// It is for the CPU itself, and for the boot CPU's step from its first stack.
func (c *CPU) Run(f func(*CPU)) { run(c, f) }

func run(c *CPU, f func(*CPU))
