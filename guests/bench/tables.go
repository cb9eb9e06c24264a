package main

import (
	"fmt"
	"os"
	"syscall"

	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// scratch is pages that share a page table, whose entries the rows may write as they like: nobody uses the pages, now or later.
type scratch struct {
	va      uint64
	entries [512]hypercall.MMUUpdate // each as it was
	updates [512]hypercall.MMUUpdate // those of a sample
	numbers [512]uint64              // of the pages, while they have no frame
}

var pages scratch

// take maps the scratch pages. Only one table's share of them is used.
func (s *scratch) take() error {
	span := len(s.entries) * os.Getpagesize()
	all, err := populated(2 * span)
	if err != nil {
		return err
	}
	s.va = (hypercalls.Address(&all[0]) + uint64(span) - 1) &^ (uint64(span) - 1)
	for i := range s.entries {
		machine, value := mm.Entry(s.va + uint64(i*os.Getpagesize()))
		if value&writable == 0 {
			return fmt.Errorf("page %d of the scratch pages is not mapped", i)
		}
		s.entries[i] = hypercall.MMUUpdate{Ptr: machine, Val: value}
	}
	return nil
}

// populated is memory that is mapped at once.
func populated(size int) ([]byte, error) {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("mmap of %d bytes: %w", size, err)
	}
	if err := syscall.Madvise(memory, populateWrite); err != nil {
		return nil, fmt.Errorf("madvise: %w", err)
	}
	return memory, nil
}

const populateWrite = 23 // MADV_POPULATE_WRITE

// fill makes ready updates of the first pages.
func (s *scratch) fill(n int, value func(entry uint64) uint64) {
	for i := range n {
		s.updates[i] = hypercall.MMUUpdate{Ptr: s.entries[i].Ptr, Val: value(s.entries[i].Val)}
	}
}

func (s *scratch) send(n int) {
	_, err := hypercalls.MMUUpdate(s.updates[:n])
	check(err)
}

// What may become of an entry.
func same(entry uint64) uint64     { return entry }
func gone(uint64) uint64           { return 0 }
func readOnly(entry uint64) uint64 { return entry &^ writable }
func marked(entry uint64) uint64   { return entry | available }

// batches is how many entries they have.
var batches = []int{1, 2, 8, 32, 128, 512}

// changes is what the batches do.
var changes = []struct {
	name     string
	from, to func(uint64) uint64
}{{"map(0->RW)", gone, same}, {"unmap(RW->0)", same, gone}, {"flags(RW->RO)", same, readOnly}, {"fastpath(avail bit)", same, marked}}

// update is a row of a batch: entries are first one thing, and the work makes them another.
func update(name string, n int, from, to func(uint64) uint64) row {
	return called(fmt.Sprintf("mmu_update %s batch %d", name, n), n,
		func() { pages.fill(n, from); pages.send(n); pages.fill(n, to) },
		hypercall.HYPERVISOR_mmu_update, hypercalls.Address(&pages.updates[0]), uint64(n), 0, uint64(hypercall.DOMID_SELF))
}

// va is a row of update_va_mapping of the first page.
func va(what, name string, flags hypercall.UVMFlags, from, to func(uint64) uint64) row {
	entry := pages.entries[0].Val
	return called(fmt.Sprintf("update_va_mapping %s %s", what, name), 1,
		func() { check(hypercalls.UpdateVAMapping(pages.va, from(entry), hypercall.UVMF_INVLPG)) },
		hypercall.HYPERVISOR_update_va_mapping, pages.va, to(entry), uint64(flags))
}

// tables is changes of page tables.
func tables() (rows []row, err error) {
	if err := pages.take(); err != nil {
		return nil, err
	}
	for _, n := range batches {
		for _, c := range changes {
			rows = append(rows, update(c.name, n, c.from, c.to))
		}
	}
	for _, f := range []struct {
		name  string
		flags hypercall.UVMFlags
	}{{"NONE", hypercall.UVMF_NONE}, {"INVLPG", hypercall.UVMF_INVLPG}, {"TLB_FLUSH", hypercall.UVMF_TLB_FLUSH}} {
		rows = append(rows, va("map", f.name, f.flags, gone, same), va("unmap", f.name, f.flags, same, gone))
	}
	for _, n := range []int{8, 32, 128} {
		rows = append(rows, vaBatch(n))
	}
	return append(rows, extended("mmuext TLB_FLUSH_LOCAL", hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL}),
		extended("mmuext INVLPG_LOCAL", hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_INVLPG_LOCAL, Arg1: pages.va}),
		descriptors()), nil
}

// vaBatch is a row of a multicall of update_va_mapping.
func vaBatch(n int) row {
	return multicall(fmt.Sprintf("multicall update_va_mapping map NONE batch %d", n), n, func() {
		pages.fill(n, gone)
		pages.send(n)
		for i := range n {
			list[i] = hypercall.MulticallEntry{Op: hypercall.HYPERVISOR_update_va_mapping,
				Args: hypercall.ArgList{pages.va + uint64(i*os.Getpagesize()), pages.entries[i].Val}}
		}
	})
}

// extended is a row of an operation of mmuext_op.
func extended(op string, what hypercall.MMUExtOp) row {
	c := mmuExt(what)
	return probed(op, 1, nil, func() probe.Reading { return probe.Time(c) })
}

// descriptors is a row of update_descriptor, in a page that may become one of descriptors.
func descriptors() row {
	const flatData = 0x00cf_f300_0000_ffff
	_, entry := mm.Entry(pages.va)
	return called("update_descriptor", 1, nil, hypercall.HYPERVISOR_update_descriptor, entry&frameBits, flatData)
}
