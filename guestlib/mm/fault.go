package mm

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
)

// A fault maps a window of pages if something is mapped near it already, and else one page: the runtime has large tables
// of which it touches a word here and there, and memory that it fills.
const (
	window = 8 * PageSize
	near   = 32 * PageSize
)

// chunk is how many pages are mapped in one go.
const chunk = 512

// The bits of a page fault's error code.
const (
	FaultProtection = 1 << 0 // the page was there
	FaultWrite      = 1 << 1
)

// Fault answers a page fault, of which the error code tells: it maps what the program may have there. It tells whether it may.
func Fault(va, code uint64) bool {
	lock.Lock()
	ok := fault(va, code)
	lock.Unlock()
	return ok
}

func fault(va, code uint64) bool {
	write := code&FaultWrite != 0
	a := areaOf(va)
	if a == nil || a.prot == None || write && a.prot == Read {
		return false
	}
	if e := entryOf(va); e&present != 0 {
		// Another vCPU has mapped it since, or has made it writable; or it is not for this.
		return code&FaultProtection == 0 || write && e&writable != 0
	}
	from := va &^ (PageSize - 1)
	to := from + PageSize
	if hasNeighbours(va) {
		from = max(va&^(window-1), a.start)
		to = min(va&^(window-1)+window, a.end)
	}
	if !populate(from, to, entryFlags(a.prot), true) && entryOf(va)&present == 0 {
		console.Fatal("out of memory: the domain has no page left")
	}
	return true
}

// hasNeighbours tells whether something is mapped near an address.
func hasNeighbours(va uint64) bool {
	l1, level := table(va, 1)
	if level != 1 {
		return false
	}
	first := index(va&^(near-1), 1)
	for i := range uint64(near / PageSize) {
		if isPresent(l1, first+i) {
			return true
		}
	}
	return false
}

// Populate maps what is missing of a range, as far as it is in areas, and tells whether there was memory for all of it.
// Pages may keep what was in them, or be cleared.
func Populate(start, end uint64, cleared bool) bool {
	lock.Lock()
	ok := populateAreas(start, end, cleared)
	lock.Unlock()
	return ok
}

func populateAreas(start, end uint64, cleared bool) bool {
	for start < end {
		a := areaOf(start)
		if a == nil || a.prot == None {
			return false
		}
		stop := min(end, a.end)
		if !populate(start, stop, entryFlags(a.prot), cleared) {
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

// populate maps what is missing of a range.
func populate(start, end, flags uint64, cleared bool) bool {
	for start < end {
		stop := min(end, (start+chunk*PageSize)&^(chunk*PageSize-1))
		ok := populateChunk(start, stop, flags, cleared)
		if !ok {
			return false
		}
		start = stop
	}
	return true
}

// populateChunk maps what is missing of a part of what an L1 maps.
//
// A page that has to be cleared must not be seen before it is. While there is one vCPU, nobody looks before this returns, and
// the cheapest way is through the new mapping. Where there are several the hypervisor clears it first.
func populateChunk(start, end, flags uint64, cleared bool) bool {
	l1, ok := ensure(start)
	if !ok {
		return false
	}
	first := flags
	if cleared && !several {
		first |= writable
	}
	var fresh [chunk / 64]uint64 // a bit for each page that gets a frame
	for va := start; va < end; va += PageSize {
		at := l1 + 8*index(va, 1)
		if *hypercalls.At[uint64](at)&present != 0 {
			continue
		}
		var p pfn
		if p, ok = pages.take(); !ok {
			break
		}
		if cleared && several {
			clearPage(p)
		}
		i := (va - start) / PageSize
		fresh[i/64] |= 1 << (i % 64)
		queue.Add(Machine(at), machineOf(p)|first) // the queue has room for a chunk: this does not go out before the clearing
	}
	clearPages()
	wait()
	if !cleared || several {
		return ok
	}
	for va := start; va < end; va += PageSize {
		if i := (va - start) / PageSize; fresh[i/64]>>(i%64)&1 != 0 {
			zero(va, PageSize)
			if at := l1 + 8*index(va, 1); flags&writable == 0 {
				queue.Add(Machine(at), *hypercalls.At[uint64](at)&^(writable|dirty))
			}
		}
	}
	if flags&writable == 0 {
		wait()
		flush()
	}
	return ok
}

// discard takes the pages of a range away. The next touch finds zeros.
func discard(start, end uint64) {
	var (
		gone [64]pfn
		n    int
	)
	entries(start, end, func(at, e uint64) {
		gone[n] = pageOf(e)
		n++
		queue.Add(Machine(at), 0)
		if n == len(gone) {
			release(gone[:n])
			n = 0
		}
	})
	release(gone[:n])
}

// reprotect gives the pages of a range the entries of a protection.
func reprotect(start, end uint64, prot Prot) {
	bits := uint64(kept)
	if prot != None {
		bits = entryFlags(prot)
	}
	changed := false
	entries(start, end, func(at, e uint64) {
		queue.Add(Machine(at), e&frameMask|bits)
		changed = true
	})
	if changed {
		wait()
		flush()
	}
}

// entries calls a function for each entry of a range that has a frame: with its address, and what it is.
func entries(start, end uint64, do func(at, e uint64)) {
	for va := start; va < end; {
		at, level := table(va, 1)
		if level > 1 { // nothing is mapped below this entry
			span := uint64(PageSize) << (9 * (level - 1))
			va = (va + span) &^ (span - 1)
			continue
		}
		at += 8 * index(va, 1)
		if e := *hypercalls.At[uint64](at); e&(present|kept) != 0 {
			do(at, e)
		}
		va += PageSize
	}
}

// release gives back frames whose last mappings are in the queue: nobody may see them any more when they are used again.
func release(gone []pfn) {
	if len(gone) == 0 {
		return
	}
	wait()
	flush()
	for _, p := range gone {
		pages.give(p)
	}
}
