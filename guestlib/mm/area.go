package mm

// Prot is what a program may do with an area.
type Prot uint8

// The protections. Nothing in an area can be executed.
const (
	None Prot = iota
	Read
	ReadWrite

	hidden // None by Protect: unlike an area that was made so, it may keep frames
)

func (p Prot) accessible() bool { return p == Read || p == ReadWrite }

// An area is a range of addresses.
type area struct {
	start, end uint64
	prot       Prot
}

// areas is sorted by address. Neighbours that touch differ in their protection.
var areas struct {
	list [1024]area
	n    int
}

// Where areas can be: see the package's picture.
const (
	stacksBase = chosenBase - MaxStacks*stackStride
	chosenBase = 0x2_0004_0000 // the first stacks, which are below it, share a table with the first areas
	heapBase   = 0x2_1000_0000 // where tools/goport has the runtime ask for its heap
	largeBase  = 0x30_0000_0000
	limit      = 0x40_0000_0000
)

// areaOf is the area of an address, or nil.
func areaOf(va uint64) *area {
	if i := firstAfter(va); i < areas.n && areas.list[i].start <= va {
		return &areas.list[i]
	}
	return nil
}

// firstAfter is the number of the first area that ends behind an address.
func firstAfter(va uint64) int {
	low, high := 0, areas.n
	for low < high {
		if middle := (low + high) / 2; areas.list[middle].end <= va {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Map makes an area. Of a fixed one what was there goes away; otherwise the address is a wish. It returns the address, and
// not ok when there is no room.
func Map(at, size uint64, prot Prot, fixed bool) (va uint64, ok bool) {
	lock.Lock()
	va, ok = makeArea(at, size, prot, fixed)
	lock.Unlock()
	return va, ok
}

func makeArea(at, size uint64, prot Prot, fixed bool) (va uint64, ok bool) {
	size = (size + PageSize - 1) &^ (PageSize - 1)
	if size == 0 || size > limit || at%PageSize != 0 || areas.n+2 > len(areas.list) {
		return 0, false
	}
	switch {
	case fixed:
		if at < chosenBase || at+size > limit || !unmap(at, size) {
			return 0, false
		}
	case at < chosenBase || at+size > limit || !isFree(at, at+size):
		if at, ok = choose(size); !ok {
			return 0, false
		}
	}
	insert(area{at, at + size, prot})
	expect(area{at, at + size, prot})
	return at, true
}

func isFree(start, end uint64) bool {
	i := firstAfter(start)
	return i == areas.n || areas.list[i].start >= end
}

// choose finds the lowest room of a size: below the heap, so that it can grow, else in the upper quarter, else anywhere.
func choose(size uint64) (at uint64, ok bool) {
	for _, span := range [...]struct{ start, end uint64 }{{chosenBase, heapBase}, {largeBase, limit}, {heapBase, limit}} {
		at = span.start
		for i := firstAfter(at); i < areas.n && areas.list[i].start < at+size; i++ {
			at = areas.list[i].end
		}
		if at+size <= span.end {
			return at, true
		}
	}
	return 0, false
}

// Unmap ends areas, or parts of them. It fails if there are too many to part one.
func Unmap(start, size uint64) bool {
	lock.Lock()
	ok := unmap(start, size)
	reclaim(start, start+size)
	lock.Unlock()
	return ok
}

func unmap(start, size uint64) bool {
	end := start + (size+PageSize-1)&^(PageSize-1)
	if end < start || areas.n+1 > len(areas.list) {
		return false
	}
	discardAreas(start, end)
	carve(start, end)
	return true
}

// Protect gives areas, or parts of them, another protection. It fails if there is none somewhere in the range, or there are
// too many to part one.
func Protect(start, size uint64, prot Prot) bool {
	lock.Lock()
	ok := protectAreas(start, size, prot)
	lock.Unlock()
	return ok
}

func protectAreas(start, size uint64, prot Prot) bool {
	end := start + (size+PageSize-1)&^(PageSize-1)
	if end < start || areas.n+2 > len(areas.list) {
		return false
	}
	for va := start; va < end; {
		a := areaOf(va)
		if a == nil {
			return false
		}
		va = a.end
	}
	if prot == None {
		prot = hidden
	}
	if start < end {
		carve(start, end)
		insert(area{start, end, prot})
		reprotect(start, end, prot)
	}
	return true
}

// carve takes a range out of the list. There is room for one area more.
func carve(start, end uint64) {
	for i := firstAfter(start); i < areas.n && areas.list[i].start < end; {
		a := &areas.list[i]
		switch {
		case a.start >= start && a.end <= end:
			remove(i)
			continue
		case a.start < start && a.end > end:
			rest := area{end, a.end, a.prot}
			a.end = start
			place(i+1, rest)
			return
		case a.start < start:
			a.end = start
		default:
			a.start = end
		}
		i++
	}
}

// Discard takes the pages of a range away, as far as it is in areas.
func Discard(start, size uint64) {
	lock.Lock()
	discardAreas(start, start+size)
	reclaim((start+tableSpan-1)&^(tableSpan-1), (start+size)&^(tableSpan-1)) // tables that it covers: others are used again soon
	lock.Unlock()
}

func discardAreas(start, end uint64) {
	for i := firstAfter(start); i < areas.n && areas.list[i].start < end; i++ {
		if a := &areas.list[i]; a.prot != None {
			discard(max(start, a.start), min(end, a.end))
		}
	}
}

// insert adds an area where none is.
func insert(a area) {
	i := firstAfter(a.start)
	if i > 0 && areas.list[i-1].end == a.start && areas.list[i-1].prot == a.prot {
		i--
		a.start = areas.list[i].start
		remove(i)
	}
	if i < areas.n && areas.list[i].start == a.end && areas.list[i].prot == a.prot {
		a.end = areas.list[i].end
		remove(i)
	}
	place(i, a)
}

func place(i int, a area) {
	copy(areas.list[i+1:areas.n+1], areas.list[i:areas.n])
	areas.list[i] = a
	areas.n++
}

func remove(i int) {
	copy(areas.list[i:areas.n-1], areas.list[i+1:areas.n])
	areas.n--
}
