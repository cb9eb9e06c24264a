package percpu

import (
	"unsafe"

	"tuco/kernel/x86"
)

// Selectors of the hypervisor's segments.
const (
	SelectorCode = 0x08
	SelectorData = 0x10
	SelectorTSS  = 0x18
)

// Descriptors. APM vol. 2, "Long-Mode Segment Descriptors". The accessed bits
// are set, so that the processor never writes to the table.
const (
	descriptorCode64 = 0x00af9b000000ffff
	descriptorData   = 0x00cf93000000ffff
	descriptorTSS    = 0x0000890000000000 // base and limit are put in
)

// tables is a CPU's descriptor tables.
type tables struct {
	gdt [5]uint64
	tss x86.TSS
}

// LoadTables loads the CPU's own GDT and TSS; it runs on that CPU.
func (c *CPU) LoadTables() {
	for k := Fault; k < stackKinds; k++ {
		c.tss.SetIST(k.IST(), c.StackTop(k))
	}
	c.tss.NoIOBitmap()

	base := uint64(uintptr(unsafe.Pointer(&c.tss)))
	const limit = unsafe.Sizeof(c.tss) - 1
	c.gdt = [5]uint64{
		SelectorCode >> 3:  descriptorCode64,
		SelectorData >> 3:  descriptorData,
		SelectorTSS >> 3:   descriptorTSS | uint64(limit) | base<<16&0xffffff0000 | base<<32&(0xff<<56),
		SelectorTSS>>3 + 1: base >> 32,
	}
	var r x86.TableRegister
	r.Set(unsafe.Pointer(&c.gdt), unsafe.Sizeof(c.gdt))
	x86.LoadGDT(&r, SelectorCode, SelectorData)
	x86.LoadTR(SelectorTSS)
}

// TSSBase is where the CPU's task state segment lies, for hardware that
// reloads the task register on leaving a guest.
func (c *CPU) TSSBase() uint64 { return uint64(uintptr(unsafe.Pointer(&c.tss))) }

// GDTBase is where the CPU's descriptor table lies; see TSSBase.
func (c *CPU) GDTBase() uint64 { return uint64(uintptr(unsafe.Pointer(&c.gdt))) }

// IST is the stack's number in the interrupt stack table; 0 stands for none.
func (k StackKind) IST() uint8 { return uint8(k) }
