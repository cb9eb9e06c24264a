package main

import (
	"fmt"

	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// A pageTable is a page of the program's that can be one: it is mapped read-only.
type pageTable struct {
	at  *page.Run
	va  uint64
	mfn uint64
}

// newPageTable makes a table with its first entries.
func newPageTable(entries ...uint64) (*pageTable, error) {
	at, err := page.Alloc(1)
	if err != nil {
		return nil, err
	}
	t := &pageTable{at, hypercalls.Address(&at.Bytes()[0]), uint64(at.Frame(0))}
	for i, e := range entries {
		*hypercalls.At[uint64](t.va + 8*uint64(i)) = e
	}
	_, own := mm.Entry(t.va)
	if err := hypercalls.UpdateVAMapping(t.va, own&^writable, hypercall.UVMF_INVLPG); err != 0 {
		return nil, fmt.Errorf("a page table can't be made read-only: %v", err)
	}
	return t, nil
}

// entry is what names the table in the one above.
func (t *pageTable) entry() uint64 { return t.mfn*mm.PageSize | usable }

// slot is the machine address of an entry.
func (t *pageTable) slot(i uint64) uint64 { return t.mfn*mm.PageSize + 8*i }

func (t *pageTable) pin(level uint32) *probe.Call {
	return mmuExt(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE + level - 1, Arg1: t.mfn})
}

func (t *pageTable) unpin() *probe.Call {
	return mmuExt(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: t.mfn})
}

// mmuExt is a mmuext_op's registers. The operations lie behind them.
func mmuExt(ops ...hypercall.MMUExtOp) *probe.Call {
	c := &struct {
		probe.Call
		ops [2]hypercall.MMUExtOp
	}{}
	n := copy(c.ops[:], ops)
	c.Call = *newCall(hypercall.HYPERVISOR_mmuext_op, hypercalls.Address(&c.ops[0]), uint64(n), 0, uint64(hypercall.DOMID_SELF))
	return &c.Call
}

// mmuUpdate is a mmu_update's registers, of one entry, which lies behind them.
func mmuUpdate(ptr, val uint64) *probe.Call {
	c := &struct {
		probe.Call
		update hypercall.MMUUpdate
	}{update: hypercall.MMUUpdate{Ptr: ptr, Val: val}}
	c.Call = *newCall(hypercall.HYPERVISOR_mmu_update, hypercalls.Address(&c.update), 1, 0, uint64(hypercall.DOMID_SELF))
	return &c.Call
}

// do makes a hypercall that must not fail, outside of what is measured.
func do(c *probe.Call) { check(hypercall.Failed(result(c))) }

// result makes a hypercall that is not to be measured.
func result(c *probe.Call) uint64 {
	return hypercalls.Call(c.Number, c.Args[0], c.Args[1], c.Args[2], c.Args[3], c.Args[4])
}

// thereAndBack is a row of each of two hypercalls that undo each other.
func thereAndBack(there, back string, n int, to, from *probe.Call) []row {
	return []row{
		probed(there, n, nil, func() probe.Reading { r := probe.Time(to); do(from); return r }),
		probed(back, n, func() { do(to) }, func() probe.Reading { return probe.Time(from) }),
	}
}

// pins is page tables that are validated and let go. What the full ones map is mapped nowhere else.
func pins() (rows []row, err error) {
	pages.fill(len(pages.entries), gone)
	pages.send(len(pages.entries))
	leaves := make([]uint64, len(pages.entries))
	for i := range leaves {
		leaves[i] = pages.entries[i].Val
	}
	empty, err := newPageTable()
	if err != nil {
		return nil, err
	}
	full, err := newPageTable(leaves...)
	if err != nil {
		return nil, err
	}
	above, err := newPageTable() // an L2
	if err != nil {
		return nil, err
	}
	do(above.pin(2))
	pin, unpin := empty.pin(1), empty.unpin()
	hook, unhook := mmuUpdate(above.slot(0), empty.entry()), mmuUpdate(above.slot(0), 0)
	rows = append(rows, probed("pin+unpin L1 empty", 1, nil, func() probe.Reading { return probe.Both(pin, unpin) }))
	rows = append(rows, thereAndBack("pin L1 full(512 RW present)", "unpin L1 full(512 RW present)", 512, full.pin(1), full.unpin())...)
	rows = append(rows, thereAndBack("pin L1 empty", "unpin L1 empty", 1, pin, unpin)...)
	rows = append(rows, probed("mmu_update L2 hook+unhook empty L1", 2, nil, func() probe.Reading { return probe.Both(hook, unhook) }))
	written, err := newPageTable()
	if err != nil {
		return nil, err
	}
	do(written.pin(1))
	do(newCall(hypercall.HYPERVISOR_vm_assist, hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_writable_pagetables))
	clearing := mmuUpdate(written.slot(0), 0)
	rows = append(rows, probed("direct PTE write (ptwr emul) map", 1, nil, func() probe.Reading {
		r := probe.Write(written.va, leaves[0])
		do(clearing)
		return r
	}))
	kernel, err := kernelL3()
	if err != nil {
		return nil, err
	}
	for _, n := range []int{1, len(leaves)} {
		root, err := tree(kernel, leaves[:n])
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("pin L4 (1 L3,1 L2,1 L1,%d ptes + shared kernel L3)", n)
		rows = append(rows, thereAndBack(name, "un"+name, 1, root.pin(4), root.unpin())...)
	}
	return rows, nil
}

// tree is a root whose first entry is the kernel's, and whose second has a table of each level below.
func tree(kernel uint64, leaves []uint64) (*pageTable, error) {
	t, err := newPageTable(leaves...)
	for range 2 {
		if err == nil {
			t, err = newPageTable(t.entry())
		}
	}
	if err != nil {
		return nil, err
	}
	return newPageTable(kernel, t.entry())
}
