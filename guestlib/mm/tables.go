package mm

import "tuco/guestlib/hypercalls"

// ensure makes the tables that are missing above an address, and returns its L1. Their hooks may still be in the queue.
func ensure(va uint64) (l1 uint64, ok bool) {
	at, level := table(va, 1)
	if level == 1 {
		return at, true
	}
	hook, entry, top := Machine(at+8*index(va, level)), uint64(0), level-1
	for above := at; level > 1; level-- {
		page, ok := allocPage()
		if !ok {
			return 0, false
		}
		zero(page)
		e := Machine(page) | readWrite
		if above == at {
			entry = e
		} else {
			*hypercalls.At[uint64](above + 8*index(va, level)) = e
		}
		above, l1 = page, page
	}
	protect(va, entry, top)
	queue.Add(hook, entry)
	return l1, true
}

// protect makes new tables read-only in the direct map: the one that an entry names, which is of a level, and those below.
func protect(va, entry uint64, level int) {
	for {
		page := direct(pageOf(entry))
		setDirect(page, readOnly)
		if level == 1 {
			return
		}
		entry = *hypercalls.At[uint64](page + 8*index(va, level))
		level--
	}
}

// setDirect queues the update of a page's entry in the direct map.
func setDirect(page, flags uint64) {
	l1, _ := table(page, 1)
	queue.Add(Machine(l1+8*index(page, 1)), Machine(page)|flags|noExec)
}

// reclaim takes tables that have become empty out of the range's tree, and gives their pages to the pool. Top-level ones stay:
// there are few.
func reclaim(start, end uint64) {
	wait() // an entry may be on its way into a table that looks empty
	for level, span := 1, uint64(tableSpan); level <= 2; level, span = level+1, span*512 {
		for va := start &^ (span - 1); va < end; {
			at, found := table(va, level+1)
			if found > level+1 {
				skip := span << (9 * (found - level - 1))
				va = (va + skip) &^ (skip - 1)
				continue
			}
			at += 8 * index(va, level+1)
			if e := *hypercalls.At[uint64](at); e&present != 0 && isEmpty(direct(pageOf(e))) {
				page := direct(pageOf(e))
				queue.Add(Machine(at), 0)
				setDirect(page, readWrite)
				discarded.list[discarded.n] = pageAt(page)
				discarded.n++
				if discarded.n == len(discarded.list) {
					poolDiscarded()
				}
			}
			va += span
		}
		poolDiscarded()
	}
}

func isEmpty(table uint64) bool {
	for i := range uint64(512) {
		if *hypercalls.At[uint64](table + 8*i) != 0 {
			return false
		}
	}
	return true
}

// poolDiscarded gives what were tables to the pool.
func poolDiscarded() {
	if discarded.n == 0 {
		return
	}
	forget()
	for _, p := range discarded.list[:discarded.n] {
		*hypercalls.At[uint64](direct(p)) = pool.spare
		pool.spare = direct(p)
		pool.spares++
	}
	discarded.n = 0
}
