// Package layout is the hypervisor's memory map, in one picture.
//
//	ffff800000000000  +--------------------------------------------+ DirectMap
//	                  | all of RAM, and the devices' registers,    |
//	                  | at its machine address + DirectMap.        |
//	                  | Never executable. The frames that hold the |
//	                  | image's text and constants are read-only.  |
//	ffffc00000000000  +--------------------------------------------+ Stacks
//	                  | one slot of 64 KiB a stack, 8 a CPU; the   |
//	                  | stack is at the slot's top, and what lies  |
//	                  | below it is not mapped: the guard          |
//	ffffc00001000000  +--------------------------------------------+ StacksEnd
//	                  | nothing                                    |
//	ffffffff80200000  +--------------------------------------------+ ImageBase
//	                  | text      read, execute                    |
//	                  | constants read                             |
//	                  | data      read, write                      |
//	                  +--------------------------------------------+
//
// Page 0 and everything else in the lower half is never mapped while the
// hypervisor runs, so that a nil dereference faults. No guest has any of this
// in its address space: guests live in hardware containers.
//
// linker.ld and the Makefile hold the image's addresses too; a test compares.
package layout

import "tuco/kernel/frame"

const (
	// DirectMap is where machine address 0 appears.
	DirectMap frame.VAddr = 0xffff_8000_0000_0000
	// DirectMapSize bounds the machine addresses that the direct map can hold: 64 TiB.
	DirectMapSize = 1 << 46

	// Stacks is the first stack slot.
	Stacks frame.VAddr = 0xffff_c000_0000_0000
	// StackSlot is the distance of two stacks, in bytes. A power of two, so
	// that a stack pointer tells its slot by a shift.
	StackSlot      = 1 << StackSlotShift
	StackSlotShift = 16
	// StacksPerCPU is how many slots each CPU has: see percpu.StackKind.
	StacksPerCPU = 8

	// ImageBase is the virtual address of the image's text; it is linked to
	// be loaded at ImageLoad.
	ImageBase frame.VAddr = 0xffff_ffff_8020_0000
	ImageLoad frame.MAddr = 0x20_0000

	// MaxCPUs is how many CPUs the hypervisor uses at the most.
	MaxCPUs = 32
	// StacksEnd is the end of the stack slots of MaxCPUs CPUs.
	StacksEnd = Stacks + MaxCPUs*StacksPerCPU*StackSlot
)

// Direct is where the machine address appears in the direct map.
func Direct(a frame.MAddr) frame.VAddr { return DirectMap + frame.VAddr(a) }

// Machine turns an address inside the direct map back.
func Machine(v frame.VAddr) frame.MAddr { return frame.MAddr(v - DirectMap) }

// ImageMachine is the machine address of an address inside the image.
func ImageMachine(v frame.VAddr) frame.MAddr {
	return frame.MAddr(v-ImageBase) + ImageLoad
}
