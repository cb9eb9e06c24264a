package main

import (
	"errors"
	"fmt"
	"syscall"

	"tuco/guestlib"
	"tuco/guestlib/mm"
)

const (
	populateWrite = 23
	noReserve     = 0x4000
	large         = 64 << 20
	least         = 200 // updates a hypercall, of what changes much memory
)

func mmap(size, flags int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|flags)
	if err != nil {
		return nil, fmt.Errorf("mmap of %d bytes: %w", size, err)
	}
	return b, nil
}

// batches changes much memory in one go, in all the ways that there are.
func batches() error {
	memory, err := mmap(large, 0)
	if err != nil {
		return err
	}
	fill := func() error {
		for at := 0; at < large; at += 4096 {
			memory[at] = byte(at>>12) | 1
		}
		return syscall.Mprotect(memory, syscall.PROT_READ)
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"map", func() error { return syscall.Madvise(memory, populateWrite) }},
		{"protect", fill},
		{"hide", func() error { return syscall.Mprotect(memory, syscall.PROT_NONE) }},
		{"open", func() error { return syscall.Mprotect(memory, syscall.PROT_READ|syscall.PROT_WRITE) }},
		{"discard", func() error { return errors.Join(holds(memory, true), syscall.Madvise(memory, syscall.MADV_DONTNEED)) }},
		{"map again", func() error { return syscall.Madvise(memory, populateWrite) }},
		{"unmap", func() error { return errors.Join(holds(memory, false), syscall.Munmap(memory)) }},
	} {
		before := guestlib.Paging()
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		after := guestlib.Paging()
		s := after.Since(before)
		fmt.Printf("memory: %s %d MiB: %d updates, %d a hypercall\n", step.name, large>>20, s.Updates, s.Batch())
		if s.Updates < large/4096 || s.Batch() < least {
			return fmt.Errorf("%s: %d updates in %d hypercalls", step.name, s.Updates, s.Flushes)
		}
	}
	return nil
}

// holds tells whether each page holds what was written, or zero.
func holds(memory []byte, written bool) error {
	for at := 0; at < len(memory); at += 4096 {
		want := byte(0)
		if written {
			want = byte(at>>12) | 1
		}
		if memory[at] != want {
			return fmt.Errorf("byte %#x is %#x, not %#x", at, memory[at], want)
		}
	}
	return nil
}

// tables needs a page table for each of many pages, and again, and looks whether all that comes back.
func tables() error {
	const size, step = 1 << 30, 2 << 20
	_, before := guestlib.Memory()
	for round := range 3 {
		memory, err := mmap(size, noReserve)
		if err != nil {
			return err
		}
		for at := 0; at < size; at += step {
			memory[at] = 1
		}
		_, within := guestlib.Memory()
		if err := syscall.Munmap(memory); err != nil {
			return err
		}
		_, after := guestlib.Memory()
		fmt.Printf("memory: free pages: %d, with %d pages and their tables %d, without them %d\n", before, size/step, within, after)
		if within+2*size/step > before+8 {
			return fmt.Errorf("round %d: there should be a table for each page", round)
		}
		if after+16 < before { // Go may have needed some
			return fmt.Errorf("round %d: %d pages did not come back", round, before-after)
		}
	}
	return nil
}

// promises asks for more than there is.
func promises() error {
	pages, _ := guestlib.Memory()
	size := int(pages) * 4096
	if _, err := mmap(size, 0); !errors.Is(err, syscall.ENOMEM) {
		return fmt.Errorf("as much as the domain has: %v", err)
	}
	b, err := mmap(size, noReserve)
	if err != nil {
		return err
	}
	if err := syscall.Madvise(b, populateWrite); !errors.Is(err, syscall.ENOMEM) {
		return fmt.Errorf("to have all of it mapped: %v", err)
	}
	return syscall.Munmap(b)
}

// guards looks at the ends of what lies below the library's stacks.
func guards() error {
	for n := range 3 { // as many threads as every program has
		start, end := mm.Guard(n)
		if readable(bytesAt(start)) || readable(bytesAt(end-1)) {
			return fmt.Errorf("the guard of stack %d is mapped", n)
		}
		if !readable(bytesAt(end)) {
			return fmt.Errorf("stack %d is not above its guard", n)
		}
	}
	return nil
}
