package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"syscall"
)

// buffers fills buffers, drops some, and compares the checksums of those that it kept after a while.
func buffers() error {
	type kept struct {
		data []byte
		sum  uint32
	}
	var all []kept
	for i := range 200 {
		b := make([]byte, 1+i*97%8192)
		for k := range b {
			b[k] = byte(i * k)
		}
		if i%5 == 0 {
			all = append(all, kept{b, crc32.ChecksumIEEE(b)})
		}
	}
	runtime.Gosched()
	for i, k := range all {
		if sum := crc32.ChecksumIEEE(k.data); sum != k.sum {
			return fmt.Errorf("buffer %d has the sum %#x, wrote %#x", i, sum, k.sum)
		}
	}
	return nil
}

// A tree has a sum below each node.
type tree struct {
	left, right *tree
	value, sum  int
}

// grow makes a tree of so many levels, a part of it by other goroutines.
func grow(levels, value int) *tree {
	t := &tree{value: value, sum: value}
	if levels == 0 {
		return t
	}
	right := make(chan *tree)
	if levels > 8 {
		go func() { right <- grow(levels-1, 2*value+1) }()
		t.left, t.right = grow(levels-1, 2*value), <-right
	} else {
		t.left, t.right = grow(levels-1, 2*value), grow(levels-1, 2*value+1)
	}
	t.sum += t.left.sum + t.right.sum
	return t
}

// check is the sum of all values, and of all that were added.
func (t *tree) check() (int, error) {
	if t == nil {
		return 0, nil
	}
	left, err := t.left.check()
	if err != nil {
		return 0, err
	}
	right, err := t.right.check()
	if err != nil {
		return 0, err
	}
	if sum := t.value + left + right; sum != t.sum {
		return 0, fmt.Errorf("node %d has the sum %d, its subtrees make it %d", t.value, t.sum, sum)
	}
	return t.sum, nil
}

// trees grows a tree, and moves its parts about while the collector may be at work: it has to hear of each pointer that is
// written.
func trees() error {
	t := grow(10, 1)
	for i := range 500 {
		at := t
		for level := range 8 {
			at.left, at.right = at.right, at.left
			if at = at.left; i>>level&1 != 0 {
				break
			}
		}
	}
	_, err := t.check()
	return err
}

const (
	populateWrite = 23 // MADV_POPULATE_WRITE
	dontNeed      = 4  // MADV_DONTNEED
)

// mappings maps pages, has another goroutine write them, discards them, and unmaps them. What a processor remembers of where
// pages were must not outlive that: what is mapped anew is zero, and what others have is not written.
func mappings() error {
	const pages = 64
	size := pages * os.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	for round := range 4 {
		mark := byte(round + 1)
		written := make(chan error)
		go func() { written <- stamp(memory, 0, mark) }()
		if err := <-written; err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		runtime.Gosched()
		if err := stamp(memory, mark, 0x80|mark); err != nil {
			return fmt.Errorf("round %d, what was written: %w", round, err)
		}
		if err := syscall.Madvise(memory, dontNeed); err != nil {
			return fmt.Errorf("madvise: %w", err)
		}
	}
	return syscall.Munmap(memory)
}

// stamp writes a byte in each page, in place of another.
func stamp(memory []byte, old, value byte) error {
	for at := 0; at < len(memory); at += os.Getpagesize() {
		if memory[at] != old {
			return fmt.Errorf("page %d begins with %#x, want %#x", at/os.Getpagesize(), memory[at], old)
		}
		memory[at] = value
	}
	return nil
}
