package pvbuild

import "tuco/kernel/frame"

// levels of page tables: 1 is the table of pages, 4 the root.
const levels = 4

// tree is the page tables of a range of addresses. Tables of a level are numbered
// through the address space, so that table u has the entries u*512 to
// u*512+511, which are tables of the next level, or pages, of the same numbering.
type tree struct {
	first [levels + 1]uint64 // number of the first table, by level
	n     [levels + 1]uint64 // how many there are
	at    [levels + 1]frame.PFN
}

// number is that of the page with the address, or at a higher level the table. Bits
// beyond the 48 that are translated don't count, so the one table of level 4 has number 0.
func number(v frame.VAddr, level int) uint64 {
	return uint64(v) & (1<<48 - 1) >> frame.PageShift >> (9 * level)
}

// cover makes a tree of the tables that so many pages at v need besides those of
// another tree, whose pages are others. Of two ranges without a common page only
// the outermost tables can be the same.
func (t *tree) cover(v frame.VAddr, pages uint64, other *tree) {
	for level := 1; level <= levels; level++ {
		first, last := number(v, level), number(v+frame.VAddr(pages-1)<<frame.PageShift, level)
		n := last - first + 1
		if _, ok := other.find(level, first); ok {
			first++
			n--
		} else if _, ok := other.find(level, last); ok {
			n--
		}
		t.first[level], t.n[level] = first, n
	}
}

// tables is how many tables of all levels the tree has.
func (t *tree) tables() (n uint64) {
	for _, k := range t.n {
		n += k
	}
	return n
}

// place gives the tables their pages, those of the highest level first.
func (t *tree) place(p frame.PFN) {
	for level := levels; level > 0; level-- {
		t.at[level] = p
		p += frame.PFN(t.n[level])
	}
}

// find finds the page of a table. A tree that is nil has none.
func (t *tree) find(level int, table uint64) (frame.PFN, bool) {
	if t == nil || table-t.first[level] >= t.n[level] {
		return 0, false
	}
	return t.at[level] + frame.PFN(table-t.first[level]), true
}
