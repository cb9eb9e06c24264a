package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"

	"tuco/guestlib"
)

// batches maps memory in one go, and says how many page-table updates a hypercall carried.
func batches(size int) error {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("batches: mmap of %d bytes: %w", size, err)
	}
	before := guestlib.Paging()
	if err := syscall.Madvise(memory, populateWrite); err != nil {
		return fmt.Errorf("batches: madvise: %w", err)
	}
	after := guestlib.Paging()
	updates, calls := after.Updates-before.Updates, after.Flushes-before.Flushes
	fmt.Printf("stress: %d MiB mapped in one go: %d page-table updates, %d a hypercall\n", size>>20, updates, updates/max(calls, 1))
	for at := 0; at < size; at += os.Getpagesize() {
		if memory[at] != 0 {
			return fmt.Errorf("batches: byte %#x of new memory is %#x", at, memory[at])
		}
	}
	return syscall.Munmap(memory)
}

// fill fills a large slice, twice: the second time with memory that came back.
func fill(size int) error {
	for round := range 2 {
		b := make([]byte, size)
		for at := 0; at < size; at += 1024 {
			if b[at] != 0 {
				return fmt.Errorf("fill: round %d: byte %#x of a new slice is %#x", round, at, b[at])
			}
			b[at] = byte(at>>10) | 1
		}
		for at := 0; at < size; at += 1024 {
			if b[at] != byte(at>>10)|1 {
				return fmt.Errorf("fill: round %d: byte %#x is %#x, wrote %#x", round, at, b[at], byte(at>>10)|1)
			}
		}
		b = nil
		debug.FreeOSMemory()
	}
	return nil
}

// sparse touches a byte of each 2 MiB of a large area, for each of which there has to be a page table.
func sparse() error {
	const size, step = 4 << 30, 2 << 20
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("sparse: mmap of %d bytes: %w", size, err)
	}
	for at := 0; at < size; at += step {
		memory[at] = byte(at/step) | 1
	}
	for at := 0; at < size; at += step {
		if memory[at] != byte(at/step)|1 || memory[at+1] != 0 {
			return fmt.Errorf("sparse: byte %#x is %#x, wrote %#x", at, memory[at], byte(at/step)|1)
		}
	}
	return syscall.Munmap(memory)
}
