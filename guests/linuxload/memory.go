package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A piece is what is mapped at a time: it fits into a small guest, and its page table has several pages.
const piece = 16 << 20

const wordSize = 8

// mapMemory maps bytes of memory in pieces.
func mapMemory(bytes uint64) error {
	for n := uint64(0); n < bytes; n += piece {
		if err := mapPiece(n, min(piece, bytes-n)); err != nil {
			return fmt.Errorf("piece at %d MiB: %w", n>>20, err)
		}
	}
	return nil
}

// mapPiece maps a piece, fills it with words that are nowhere else, and checks them twice: the second time the
// pages are read-only.
func mapPiece(first, bytes uint64) error {
	flags := unix.MAP_PRIVATE | unix.MAP_ANON
	if first/piece%2 == 1 {
		flags |= unix.MAP_POPULATE
	}
	memory, err := unix.Mmap(-1, 0, int(bytes), unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return fmt.Errorf("map: %w", err)
	}
	defer unix.Munmap(memory)
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(memory))), bytes/wordSize)
	for i := range words {
		if words[i] != 0 {
			return fmt.Errorf("fresh memory: %#x at %#x", words[i], i*wordSize)
		}
		words[i] = pattern(first, i)
	}
	if err := check(words, first); err != nil {
		return err
	}
	if err := unix.Mprotect(memory, unix.PROT_READ); err != nil {
		return fmt.Errorf("protect: %w", err)
	}
	return check(words, first)
}

// pattern gives the word for a place in the whole load. A page that appears in the wrong place shows.
func pattern(first uint64, i int) uint64 { return (first + uint64(i)*wordSize) ^ 0x5a5a5a5a_a5a5a5a5 }

func check(words []uint64, first uint64) error {
	for i := range words {
		if want := pattern(first, i); words[i] != want {
			return fmt.Errorf("%#x at %#x, want %#x", words[i], i*wordSize, want)
		}
	}
	return nil
}
