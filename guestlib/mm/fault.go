package mm

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
)

// around is how many pages a fault maps, at a multiple of their size.
const around = 8

// chunk is how many pages are mapped in one go.
const chunk = 64

// Fault answers a page fault: it maps what the program may have there. It tells whether it may.
func Fault(va uint64, write bool) bool {
	a := areaOf(va)
	if a == nil || a.prot == None || write && a.prot == Read {
		return false
	}
	if entryOf(va)&present != 0 {
		return false // it is there, and not for this
	}
	const window = around * PageSize
	from := va &^ (window - 1)
	if !populate(max(from, a.start), min(from+window, a.end), entryFlags(a.prot)) && entryOf(va)&present == 0 {
		console.Fatal("out of memory: the domain has no page left")
	}
	return true
}

// Populate maps what is missing of a range, as far as it is in areas, and tells whether there was memory for all of it.
func Populate(start, end uint64) bool {
	for start < end {
		a := areaOf(start)
		if a == nil || a.prot == None {
			return false
		}
		stop := min(end, a.end)
		if !populate(start, stop, entryFlags(a.prot)) {
			return false
		}
		start = stop
	}
	return true
}

func entryFlags(p Prot) uint64 {
	if p == ReadWrite {
		return readWrite | noExec
	}
	return readOnly | noExec
}

// populate maps what is missing of a range, and clears it.
func populate(start, end, flags uint64) bool {
	for start < end {
		stop := min(end, (start+chunk*PageSize)&^(chunk*PageSize-1))
		ok := populateChunk(start, stop, flags)
		if !ok {
			return false
		}
		start = stop
	}
	return true
}

func populateChunk(start, end, flags uint64) bool {
	l1, ok := ensure(start)
	if !ok {
		return false
	}
	fresh := uint64(0) // a bit for each page that gets a frame
	for va := start; va < end; va += PageSize {
		at := l1 + 8*index(va, 1)
		if *hypercalls.At[uint64](at)&present != 0 {
			continue
		}
		var p pfn
		if p, ok = pages.take(); !ok {
			break
		}
		fresh |= 1 << ((va - start) / PageSize)
		queue.Add(Machine(at), machineOf(p)|flags|writable)
	}
	wait()
	for va := start; va < end; va += PageSize {
		if fresh>>((va-start)/PageSize)&1 != 0 {
			zero(va, PageSize)
		}
	}
	return ok
}

// discard takes the pages of a range away. The next touch finds zeros.
func discard(start, end uint64) {
	var (
		gone [chunk]pfn
		n    int
	)
	for va := start; va < end; {
		at, level := table(va, 1)
		if level > 1 { // nothing is mapped below this entry
			span := uint64(PageSize) << (9 * (level - 1))
			va = (va + span) &^ (span - 1)
			continue
		}
		at += 8 * index(va, 1)
		if e := *hypercalls.At[uint64](at); e&present != 0 {
			gone[n] = pageOf(e)
			n++
			queue.Add(Machine(at), 0)
			if n == len(gone) {
				release(gone[:n])
				n = 0
			}
		}
		va += PageSize
	}
	release(gone[:n])
}

// release gives back frames whose last mappings are in the queue: nobody may see them any more when they are used again.
func release(gone []pfn) {
	if len(gone) == 0 {
		return
	}
	wait()
	hypercalls.FlushTLB()
	for _, p := range gone {
		pages.give(p)
	}
}
