package mm

// Small areas are touched soon after they are made: the runtime makes several at once, a page here and a page there. The next
// fault maps them along with what it is about, in the same batch.
const soonSize = 4 * PageSize

// soon is such areas; where it is full, further ones wait for faults of their own.
var soon struct {
	list [8]struct {
		start, end uint64
		fresh      pageSet // what fill told
	}
	n int
}

// expect notes an area that was made.
func expect(a area) {
	if a.prot == ReadWrite && a.end-a.start <= soonSize && soon.n < len(soon.list) {
		s := &soon.list[soon.n]
		s.start, s.end = a.start, a.end
		soon.n++
	}
}

// fillSoon queues the updates for what is expected. It makes no tables, and leaves out what has changed, and what the fault's
// own range has.
func fillSoon(from, to uint64) {
	kept := 0
	queue.Reserve(len(soon.list) * soonSize / PageSize) // see fill
	for i := range soon.n {
		s := &soon.list[i]
		a := areaOf(s.start)
		l1, level := table(s.start, 1)
		switch {
		case a == nil || a.prot != ReadWrite || a.end < s.end:
			continue
		case s.start < to && from < s.end, level != 1, s.start/tableSpan != (s.end-1)/tableSpan:
			continue
		}
		fresh, _ := fill(l1, s.start, s.end, readWrite|noExec, several, queued)
		soon.list[kept].start, soon.list[kept].fresh = s.start, fresh
		kept++
	}
	soon.n = kept
	clearPages()
}

// clearSoon clears the pages that fillSoon mapped.
func clearSoon() {
	wait() // nothing has, if there was no memory for the fault's own
	for i := range soon.n {
		s := &soon.list[i]
		for page := range uint64(soonSize / PageSize) {
			if s.fresh.has(page) && !several {
				zero(s.start + page*PageSize)
			}
		}
	}
	soon.n = 0
}
