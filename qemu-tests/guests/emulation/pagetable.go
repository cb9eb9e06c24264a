package emulation

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// The entry that is written to, by an address that is mapped read-only, and the operand and result of the instruction.
var (
	entryAt uint64
	operand uint64
	result  uint64
)

func movEntry()
func xchgEntry()
func cmpxchgEntry() // expects result
func btrEntry()     // bit operand
func btsEntry()
func andEntry()
func orEntry()
func addEntry()
func movHalf() // the low half

// pageTableWrite writes to an L1 table, which the writable_pagetables assist has checked and done.
func pageTableWrite(t *pv.T) {
	page := pv.AllocPage()
	entryAt = pv.Address(pv.Entry(page, 1))
	at := pv.At[uint64](entryAt)
	was := pv.EntryBits(*at)
	frame := pv.MFN(page) * pv.PageSize
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_writable_pagetables))

	operand = 0
	t.NoTrap("MOV of 0", pv.Catch(movEntry))
	t.Equal("entry", pv.EntryBits(*at), 0)
	operand = frame | pv.RO
	t.NoTrap("MOV of a mapping", pv.Catch(movEntry))
	t.Equal("entry", pv.EntryBits(*at), operand)
	operand = 0
	t.NoTrap("XCHG with 0", pv.Catch(xchgEntry))
	t.Equal("what it was", pv.EntryBits(operand), frame|pv.RO)
	t.Equal("entry", pv.EntryBits(*at), 0)
	operand, result = frame|pv.RW, 1
	t.NoTrap("CMPXCHG that expects another", pv.Catch(cmpxchgEntry))
	t.Equal("what it found", result, 0)
	t.Equal("entry", pv.EntryBits(*at), 0)
	operand, result = frame|pv.RW, 0
	t.NoTrap("CMPXCHG", pv.Catch(cmpxchgEntry))
	t.Equal("what it found", result, 0)
	t.Equal("entry", pv.EntryBits(*at), operand)
	const writeBit = 1
	operand = writeBit
	t.NoTrap("BTR", pv.Catch(btrEntry))
	t.Equal("the bit as it was", result, 1)
	t.Equal("entry", pv.EntryBits(*at), frame|pv.RW&^pv.Write)
	t.NoTrap("BTS", pv.Catch(btsEntry))
	t.Equal("the bit as it was", result, 0)
	t.Equal("entry", pv.EntryBits(*at), frame|pv.RW)
	operand = ^uint64(pv.Write)
	t.NoTrap("AND", pv.Catch(andEntry))
	t.Equal("entry", pv.EntryBits(*at), frame|pv.RW&^pv.Write)
	operand = pv.Write
	t.NoTrap("OR", pv.Catch(orEntry))
	t.Equal("entry", pv.EntryBits(*at), frame|pv.RW)
	operand = 1 << 9
	t.NoTrap("ADD", pv.Catch(addEntry))
	t.Equal("entry", pv.EntryBits(*at), frame|pv.RW|1<<9)
	operand = frame | pv.RO
	t.NoTrap("MOV of half an entry", pv.Catch(movHalf))
	t.Equal("entry", pv.EntryBits(*at), frame|pv.RO)
	operand = was
	t.NoTrap("MOV of what it was", pv.Catch(movEntry))
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_disable, hypercall.VMASST_TYPE_writable_pagetables))
	pv.FreePage(page)
}

// pageTableRefused writes what may not stand in an L1 table, and to other tables.
func pageTableRefused(t *pv.T) {
	page := pv.AllocPage()
	entryAt = pv.Address(pv.Entry(page, 1))
	at := pv.At[uint64](entryAt)
	was := pv.EntryBits(*at)
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_writable_pagetables))
	for _, c := range [...]struct {
		what  string
		entry uint64
	}{
		{"a page table, writable", pv.MFN(pv.StartInfo.PTBase)*pv.PageSize | pv.RW},
		{"a frame of the hypervisor's", hypervisorFrame | pv.RO},
	} {
		operand = c.entry
		trap := pv.Catch(movEntry)
		t.Trapped(c.what, trap, pv.PF, 3)
		t.Equal("cr2", trap.CR2, entryAt)
		t.Equal("entry", pv.EntryBits(*at), was)
	}
	for level := 2; level <= 4; level++ {
		entryAt = pv.Address(pv.Entry(page, level))
		operand = *pv.At[uint64](entryAt)
		trap := pv.Catch(movEntry)
		t.Trapped("write to a table of a higher level", trap, pv.PF, 3)
		t.Equal("cr2", trap.CR2, entryAt)
	}
	var u pv.User
	entryAt, operand = pv.Address(at), was
	u.Start(movEntry)
	t.Trapped("write in user mode", u.Run(), pv.PF, 7)
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_disable, hypercall.VMASST_TYPE_writable_pagetables))
	pv.FreePage(page)
}

// hypervisorFrame is the machine address of a frame in the middle of the hypervisor's image.
const hypervisorFrame = 0x20_0000
