package mm

import "tuco/guestlib/hypercalls"

// A fault maps a window of pages if something is mapped near it already, a larger one if much is, and else one page: the runtime has large tables
// of which it touches a word here and there, and memory that it fills.
const (
	window        = 8 * PageSize
	largestWindow = 64 * PageSize
	near          = 16 * PageSize
)

// firstHeap is how much of its heap every program touches before main, and the first fault there maps.
const firstHeap = 128 * PageSize

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
	if a == nil || !a.prot.accessible() || write && a.prot == Read {
		return false
	}
	if e := entryOf(va); e&present != 0 {
		// Another vCPU has mapped it since, or has made it writable; or it is not for this.
		return code&FaultProtection == 0 || write && e&writable != 0
	}
	from, to := around(va, a)
	fillSoon(from, to)
	ok := populate(from, to, entryFlags(a.prot), true, stored)
	clearSoon()
	if !ok && entryOf(va)&present == 0 {
		Exhausted(va)
	}
	return true
}

// around is what a fault at an address of an area maps.
func around(va uint64, a *area) (from, to uint64) {
	switch {
	case va-heapBase < firstHeap:
		from, to = heapBase, heapBase+firstHeap
	case hasNeighbours(va):
		size := windowAt(va)
		from = va &^ (size - 1)
		to = from + size
	default:
		from = va &^ (PageSize - 1)
		to = from + PageSize
	}
	return max(from, a.start), min(to, a.end)
}

// windowAt is how much a fault at an address maps: as much as is mapped before it, so that memory which is filled from its
// beginning to its end takes few faults.
func windowAt(va uint64) (size uint64) {
	for size = window; size < largestWindow; size *= 2 {
		next := va &^ (2*size - 1)
		if entryOf(next-PageSize)&present == 0 || entryOf(next-2*size)&present == 0 {
			break
		}
	}
	return size
}

// hasNeighbours tells whether something is mapped near an address, by the same table.
func hasNeighbours(va uint64) bool {
	l1, level := table(va, 1)
	if level != 1 {
		return false
	}
	first := va & (tableSpan - 1)
	last := min(first+near, tableSpan-PageSize)
	first -= min(first, near)
	for i := first / PageSize; i <= last/PageSize; i++ {
		if isPresent(l1, i) {
			return true
		}
	}
	return false
}

// Populate maps what is missing of a range, as far as it is in areas, and tells whether there was memory for all of it.
// Pages may keep what was in them, or be cleared. If there isn't memory for those to be cleared, nothing is mapped.
func Populate(start, end uint64, cleared bool) bool {
	lock.Lock()
	ok := (!cleared || affordable(missing(start, end))) && populateAreas(start, end, cleared)
	lock.Unlock()
	return ok
}

// missing is how many pages of a range are not mapped.
func missing(start, end uint64) uint64 {
	n := (end - start) / PageSize
	entries(start, end, func(_, _ uint64) { n-- })
	return n
}

func populateAreas(start, end uint64, cleared bool) bool {
	for start < end {
		a := areaOf(start)
		if a == nil || !a.prot.accessible() {
			return false
		}
		stop := min(end, a.end)
		if !populate(start, stop, entryFlags(a.prot), cleared, queued) {
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

// populate maps what is missing of a range. With store, what goes into new tables needs no updates.
func populate(start, end, flags uint64, cleared, store bool) bool {
	for start < end {
		stop := min(end, (start+chunk*PageSize)&^(chunk*PageSize-1))
		ok := populateChunk(start, stop, flags, cleared, store)
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
func populateChunk(start, end, flags uint64, cleared, store bool) bool {
	queue.Reserve(chunk + tables) // the program's own updates may wait there too
	_, level := table(start, 1)
	l1, ok := ensure(start)
	if !ok {
		return false
	}
	store = store && level > 1
	if !cleared || several {
		_, ok = fill(l1, start, end, flags, cleared, store)
		clearPages()
		wait()
		return ok
	}
	fresh, ok := fill(l1, start, end, flags|writable, false, store)
	wait()
	for i := range (end - start) / PageSize {
		if fresh.has(i) {
			zero(start + i*PageSize)
		}
	}
	if flags&writable == 0 {
		reprotect(start, end, Read)
	}
	return ok
}

// How entries get into a table: by updates, or, if it is new and not hung in yet, by plain stores.
const (
	queued = false
	stored = true
)

// tables is how many updates new tables for an address take at most.
const tables = 4

// pageSet is a bit for each page of a chunk.
type pageSet [chunk / 64]uint64

func (s *pageSet) add(i uint64)      { s[i/64] |= 1 << (i % 64) }
func (s *pageSet) has(i uint64) bool { return s[i/64]>>(i%64)&1 != 0 }

// fill maps what is missing of a part of what an L1 maps, by updates that it queues or by stores. It returns which pages these are, counted
// from start on, and whether there were frames for all. With clear, the hypervisor is to clear the frames first: clearPages.
func fill(l1, start, end, flags uint64, clear, store bool) (fresh pageSet, ok bool) {
	first, m := index(start, 1), Machine(l1)
	for i := range (end - start) / PageSize {
		at := 8 * (first + i)
		if *hypercalls.At[uint64](l1 + at)&present != 0 {
			continue
		}
		p, ok := takeFrame()
		if !ok {
			return fresh, false
		}
		if clear {
			clearPage(p)
		}
		fresh.add(i)
		if store {
			*hypercalls.At[uint64](l1 + at) = machineOf(p) | flags
		} else {
			queue.Add(m+at, machineOf(p)|flags) // there is room in the queue: this does not go out before the clearing
		}
	}
	return fresh, true
}

// discarded is pages whose last mappings are in the queue.
var discarded struct {
	list [chunk]pfn
	n    int
}

// discard takes the pages of a range away. The next touch finds zeros.
func discard(start, end uint64) {
	entries(start, end, func(at, e uint64) {
		queue.Add(Machine(at), 0)
		discarded.list[discarded.n] = entryPage(e)
		discarded.n++
		if discarded.n == len(discarded.list) {
			release()
		}
	})
	release()
}

// release gives back the frames that were discarded: nobody may see them any more when they are used again.
func release() {
	if discarded.n == 0 {
		return
	}
	forget()
	for _, p := range discarded.list[:discarded.n] {
		pages.give(p)
	}
	discarded.n = 0
}

// reprotect gives the pages of a range the entries of a protection.
func reprotect(start, end uint64, prot Prot) {
	changed := false
	entries(start, end, func(at, e uint64) {
		p := entryPage(e)
		to := keptEntry(p)
		if prot.accessible() {
			to = machineOf(p) | entryFlags(prot)
		}
		queue.Add(Machine(at), to)
		changed = true
	})
	if changed {
		forget()
	}
}

// keptEntry is the entry of a page that the program may not touch, and whose frame it has still. It names the page, because the
// frame is another one after the domain was saved. Processors there are that go on with the address in an entry that is not
// present (L1TF): its bits are upside down, so that there is no memory at it. Xen looks for that.
func keptEntry(p pfn) uint64 { return ^(uint64(p)*PageSize)&frameMask | kept }

// entryPage is the page of an entry that has one.
func entryPage(e uint64) pfn {
	if e&present == 0 {
		return pfn(^e & frameMask / PageSize)
	}
	return pageOf(e)
}

// entries calls a function for each entry of a range that has a frame: with its address, and what it is.
func entries(start, end uint64, do func(at, e uint64)) {
	for va := start; va < end; {
		l1, level := table(va, 1)
		if level > 1 { // nothing is mapped below this entry
			span := uint64(PageSize) << (9 * (level - 1))
			va = (va + span) &^ (span - 1)
			continue
		}
		for stop := min(end, (va+tableSpan)&^(tableSpan-1)); va < stop; va += PageSize {
			at := l1 + 8*index(va, 1)
			if e := *hypercalls.At[uint64](at); e&(present|kept) != 0 {
				do(at, e)
			}
		}
	}
}
