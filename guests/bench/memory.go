package main

import (
	"os"
	"syscall"
)

// memory is what the library makes of memory, and the processor of bytes.
func memory() ([]row, error) {
	const size, touched, copied = 4 << 20, 128, 1 << 20
	page := os.Getpagesize()
	var area []byte
	from, to := make([]byte, copied), make([]byte, copied)
	failed := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	release := func() { failed(syscall.Munmap(area)); area = nil }
	reserve := func() {
		if area != nil {
			release()
		}
		var err error
		area, err = syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		failed(err)
	}
	fill := func() { failed(syscall.Madvise(area, populateWrite)) }
	const few = 9
	return []row{
		{op: "page fault, the library maps what is near", n: touched, samples: few, before: reserve, work: func() {
			for at := range touched {
				area[at*page] = 1
			}
		}},
		{op: "page mapped in one go (4 MiB)", n: size / page, samples: few, before: reserve, work: fill},
		{op: "page unmapped in one go (4 MiB)", n: size / page, samples: few, before: func() { reserve(); fill() },
			work: release},
		{op: "memory copied (1 MiB), a page", n: copied / page, work: func() { copy(to, from) }},
		{op: "memory cleared (1 MiB), a page", n: copied / page, work: func() { clear(to) }},
	}, nil
}
