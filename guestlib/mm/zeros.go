package mm

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// The builder populates all of a program's image, and Go programs can have large variables that nobody touches. So where the
// image ends in such ones, tools/goport leaves them out, and they become an area as any other. But the builder has put
// what it makes right behind what it knows of the image: the list of machine frames, page tables, the start info, a ramdisk. All
// that makes room for the variables: the direct map begins at another place.

// movedBase is where the domain's first page would be seen then.
const movedBase = 0x1_0000_0000

// laterZeros is what tools/goport left out of the image.
func laterZeros() (zeros *segment, ok bool) {
	h := hypercalls.At[header](Base)
	for i := range h.phnum {
		if s := h.segment(i); s.kind == zerosLater {
			return s, true
		}
	}
	return nil, false
}

// moveDirectMap maps what the builder has made, from an address on, at another place, and there alone. The pool moves along; of
// what is free behind it only some pages do.
func moveDirectMap(info *hypercall.StartInfo, from uint64) *hypercall.StartInfo {
	const delta = movedBase - Base
	end := pool.end
	spans := (end - from) / tableSpan
	pool.end = min(end, pool.next+(spans+64)*PageSize)
	last := pool.end - PageSize
	for va := from + delta; ; va += tableSpan {
		va = min(va, last+delta)
		if _, ok := ensure(va); !ok {
			console.Fatal("the builder left too little mapped memory for page tables")
		}
		wait()
		if va == last+delta {
			break
		}
	}
	for va := from; va <= last; va += PageSize { // tables are mapped read-only there, and have to be here
		l1, _ := table(va+delta, 1)
		queue.Add(Machine(l1+8*index(va+delta, 1)), entryOf(va)|noExec)
	}
	wait()
	directBase += delta
	root, p2m = root+delta, p2m+delta
	pool.next, pool.end = pool.next+delta, pool.end+delta
	for va := from; va < end; va += PageSize {
		l1, _ := table(va, 1)
		queue.Add(Machine(l1+8*index(va, 1)), 0)
	}
	wait()
	hypercalls.FlushTLB()
	info = hypercalls.At[hypercall.StartInfo](hypercalls.Address(info) + delta)
	info.PTBase, info.MFNList = root, p2m
	if info.ModLen > 0 && info.Flags&hypercall.SIF_MOD_START_PFN == 0 {
		info.ModStart += delta
	}
	return info
}
