package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// references are the counts of a frame, as its record holds them.
func references(m frame.MFN) [2]uint64 {
	i := machine.RAM.Info(m)
	return [2]uint64{i.Ref.Load(), i.Type.Load()}
}

// tree is an L4 with n full L1s below it, which all map one page.
func (g *guest) tree(n int) (l4 frame.MFN, tables []frame.MFN) {
	l4 = g.alloc()
	l3, l2 := g.alloc(), g.alloc()
	tables = []frame.MFN{l2, l3, l4}
	g.set(l4, 5, pagetype.MakePTE(l3, table))
	g.set(l3, 6, pagetype.MakePTE(l2, table))
	for i := range n {
		l1 := g.alloc()
		for k := range pagetype.Entries {
			g.set(l1, k, pagetype.MakePTE(g.pages[7], table))
		}
		g.set(l2, i, pagetype.MakePTE(l1, table))
		tables = append(tables, l1)
	}
	return l4, tables
}

// XSA-148: a large page in a table, in a new entry, in one that stays for the rest as
// it is, and in a table that is validated; and an entry that only gets the right to
// write.
func TestXSA148LargePages(t *testing.T) {
	g := newGuest(t, false)
	for _, at := range []struct {
		m frame.MFN
		i int
	}{{g.l2, 0}, {g.l3, 0}, {g.l4, 272}} {
		old := g.entry(at.m, at.i)
		assert.Equal(t, failed(hypercall.EINVAL), g.update(at.m, at.i, old|pagetype.Large))
		assert.Equal(t, old, g.entry(at.m, at.i))
		assert.Equal(t, failed(hypercall.EINVAL), g.update(at.m, at.i+1, pagetype.MakePTE(512, table|pagetype.Large)))
	}
	m := g.alloc()
	g.set(m, 9, pagetype.MakePTE(g.l1, table|pagetype.Large))
	for cmd := uint32(hypercall.MMUEXT_PIN_L2_TABLE); cmd <= hypercall.MMUEXT_PIN_L4_TABLE; cmd++ {
		assert.Equal(t, failed(hypercall.EINVAL), g.extended(cmd, m))
	}
	ro := g.entry(g.l1, 17) // maps the L2
	assert.Equal(t, failed(hypercall.EBUSY), g.update(g.l1, 17, ro|pagetype.RW))
	assert.Equal(t, failed(hypercall.EBUSY), g.call(vaCall, g.at(17*frame.PageSize), uint64(ro|pagetype.RW), 0))
	assert.Equal(t, ro, g.entry(g.l1, 17))
}

// XSA-182: a root that maps itself, by which it could be made writable later.
func TestXSA182RootInItself(t *testing.T) {
	g := newGuest(t, false)
	for _, flags := range []pagetype.PTE{leaf, table} {
		assert.Equal(t, failed(hypercall.EINVAL), g.update(g.l4, 300, pagetype.MakePTE(g.l4, flags)))
		m := g.alloc()
		g.set(m, 300, pagetype.MakePTE(m, flags))
		assert.Equal(t, failed(hypercall.EINVAL), g.extended(hypercall.MMUEXT_PIN_L4_TABLE, m))
	}
	assert.Zero(t, g.entry(g.l4, 300))
}

// XSA-240, XSA-309: an entry that points to a table of its own level, in whichever
// way it comes there, and itself first of all: there are no chains to follow down.
func TestXSA240SameLevel(t *testing.T) {
	g := newGuest(t, false)
	for level, loaded := range map[uint32]frame.MFN{
		hypercall.MMUEXT_PIN_L2_TABLE: g.l2, hypercall.MMUEXT_PIN_L3_TABLE: g.l3, hypercall.MMUEXT_PIN_L4_TABLE: g.l4,
	} {
		a, b, self := g.alloc(), g.alloc(), g.alloc()
		assert.Zero(t, g.extended(level, b))
		before := references(b)
		for _, flags := range []pagetype.PTE{leaf, table} {
			assert.Equal(t, failed(hypercall.EINVAL), g.update(loaded, 300, pagetype.MakePTE(b, flags)))
			assert.Equal(t, failed(hypercall.EINVAL), g.update(loaded, 300, pagetype.MakePTE(loaded, flags)))
			g.set(a, 300, pagetype.MakePTE(b, flags))
			assert.Equal(t, failed(hypercall.EINVAL), g.extended(level, a))
			g.set(self, 300, pagetype.MakePTE(self, flags))
			assert.Equal(t, failed(hypercall.EINVAL), g.extended(level, self))
		}
		assert.Equal(t, before, references(b))
	}
}

// XSA-286: an address is looked up in the tables as they are. When an upper entry
// has changed, what the old table was mapped by is not used any more, whatever a
// TLB might still say.
func TestXSA286UpperEntryChanged(t *testing.T) {
	g := newGuest(t, false)
	a, b := g.alloc(), g.alloc()
	va := uint64(base) + 3<<21 + 5*frame.PageSize
	page := uint64(pagetype.MakePTE(g.pages[7], leaf))
	assert.Zero(t, g.update(g.l2, 3, pagetype.MakePTE(a, table)))
	assert.Zero(t, g.call(vaCall, va, page, 0))
	assert.Zero(t, g.update(g.l2, 3, pagetype.MakePTE(b, table)))
	assert.Zero(t, g.call(vaCall, va, page, 0))
	assert.EqualValues(t, page, g.entry(b, 5))
	assert.Zero(t, g.update(g.l2, 3, 0))
	assert.Equal(t, failed(hypercall.EINVAL), g.call(vaCall, va, 0, 0))
	assert.EqualValues(t, page, g.entry(b, 5), "no table any more, and not written to")
}

// XSA-299, XSA-310: between the steps of a validation other calls want the same
// tables, at the same and at other levels, and one stops for good.
func TestXSA299Interrupted(t *testing.T) {
	g := newGuest(t, false)
	l4, tables := g.tree(5)
	var before [][2]uint64
	for _, m := range tables {
		before = append(before, references(m))
	}
	pin := func(cmd uint32, m frame.MFN) uint64 {
		return g.write(64, hypercall.MMUExtOp{Cmd: cmd, Arg1: uint64(m)})
	}
	others := 0
	between := func() {
		others++
		assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L1_TABLE, tables[3+others%2]))
		assert.Equal(t, failed(hypercall.EINVAL), g.extended(hypercall.MMUEXT_PIN_L3_TABLE, tables[0]), "an L2 under way")
		assert.Equal(t, failed(hypercall.EBUSY), g.update(g.l1, 300, pagetype.MakePTE(l4, table)), "under way, and writable")
		assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, tables[3+others%2]))
		pin(hypercall.MMUEXT_PIN_L4_TABLE, l4)
	}
	assert.Zero(t, g.callBetween(mmuextCall, between, pin(hypercall.MMUEXT_PIN_L4_TABLE, l4), 1, 0, self))
	assert.Greater(t, others, 1)
	assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, l4))
	g.settle()
	for i, m := range tables {
		assert.Equal(t, before[i][0], references(m)[0], "table %d", i)
	}
	// One that is abandoned in the middle: the tables are taken up by whoever wants
	// them, and what is left is given back at the domain's end.
	again, _ := g.tree(5)
	for range 2 {
		g.step(mmuextCall, pin(hypercall.MMUEXT_PIN_L4_TABLE, again), 1, 0, self)
	}
	assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L4_TABLE, again))
	assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, again))
	last, _ := g.tree(5)
	g.step(mmuextCall, pin(hypercall.MMUEXT_PIN_L4_TABLE, last), 1, 0, self)
}

// XSA-45, XSA-290: what a call may cost is bounded when tables are taken apart too,
// however many there are.
func TestXSA290TeardownInSteps(t *testing.T) {
	g := newGuest(t, false)
	l4, tables := g.tree(8)
	assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L4_TABLE, l4))
	assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, l4))
	doomed := 0
	for _, m := range tables {
		if references(m)[1]&(1<<50) != 0 {
			doomed++
		}
	}
	assert.NotZero(t, doomed, "not all in the call itself")
	// The next call goes on, in steps of its own, before it does what it is for.
	assert.Zero(t, g.update(g.l1, 400, 0))
	assert.Greater(t, g.steps, 1)
	for _, m := range tables {
		assert.Zero(t, references(m)[1]&(1<<50))
	}
}

// XSA-58: a pin that fails gives back all that it took, each time.
func TestXSA58FailedPin(t *testing.T) {
	g := newGuest(t, false)
	l4, tables := g.tree(3)
	g.set(tables[len(tables)-1], 511, pagetype.MakePTE(l4, table)) // its own root, writable
	var before [][2]uint64
	all := append([]frame.MFN{g.pages[7]}, tables...)
	for _, m := range all {
		before = append(before, references(m))
	}
	for range 20 {
		assert.Equal(t, failed(hypercall.EBUSY), g.extended(hypercall.MMUEXT_PIN_L4_TABLE, l4))
		g.settle()
		for i, m := range all {
			assert.Equal(t, before[i][0], references(m)[0], "frame %d", i)
		}
	}
	list := make([]uint64, len(tables))
	for i, m := range tables {
		list[i] = uint64(m)
	}
	assert.EqualValues(t, len(list), g.call(memoryCall, hypercall.XENMEM_decrease_reservation, g.reservation(side{}, list...)))
	for _, m := range tables {
		assert.False(t, g.owns(m), "free at once: nothing holds it")
	}
}

// XSA-214, XSA-217: a frame that changes hands brings neither its type nor its
// content along.
func TestXSA214FrameChangesHands(t *testing.T) {
	g, heir := newGuest(t, false), newGuest(t, false)
	m := g.alloc()
	g.set(m, 3, pagetype.MakePTE(g.pages[0], leaf))
	assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	assert.Zero(t, g.exchange(hypercall.XenMemoryExchange{}, g.spare(1), []uint64{5}))
	in := []uint64{uint64(m)}
	assert.Equal(t, failed(hypercall.EINVAL), g.exchange(hypercall.XenMemoryExchange{}, in, []uint64{5}), "a table")
	assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, m))
	assert.Zero(t, g.exchange(hypercall.XenMemoryExchange{}, in, []uint64{5}))
	for !heir.owns(m) {
		heir.alloc()
	}
	assert.Equal(t, [frame.PageSize]byte{}, *machine.Types.Page(m))
	assert.Zero(t, heir.update(heir.l1, 100, pagetype.MakePTE(m, table)), "writable")
	assert.Zero(t, heir.update(heir.l1, 100, 0))
	assert.Equal(t, failed(hypercall.EBUSY), g.update(g.l1, 100, pagetype.MakePTE(m, leaf)), "not the old owner's")
}

// XSA-273: an entry that is not present names no memory, at any level, since a
// processor may read by it all the same.
func TestXSA273AbsentEntries(t *testing.T) {
	g := newGuest(t, false)
	secret := pagetype.MakePTE(hypervisorFrame, table) &^ pagetype.Present
	for _, m := range []frame.MFN{g.l1, g.l2, g.l3, g.l4} {
		assert.Equal(t, failed(hypercall.EINVAL), g.update(m, 300, secret))
		assert.Zero(t, g.update(m, 300, pagetype.MakePTE(1<<36, 0)), "an address where there is nothing")
		assert.Zero(t, g.update(m, 300, 0))
	}
	assert.Equal(t, failed(hypercall.EINVAL), g.call(vaCall, g.at(300*frame.PageSize), uint64(secret), 0))
	m := g.alloc()
	g.set(m, 300, secret)
	for cmd := uint32(hypercall.MMUEXT_PIN_L1_TABLE); cmd <= hypercall.MMUEXT_PIN_L4_TABLE; cmd++ {
		assert.Equal(t, failed(hypercall.EINVAL), g.extended(cmd, m))
	}
}

// XSA-402: all mappings of RAM are of one kind of caching.
func TestXSA402Caching(t *testing.T) {
	const bits = pagetype.WriteThrough | pagetype.CacheDisable | pagetype.PAT
	g := newGuest(t, true)
	for _, b := range []pagetype.PTE{pagetype.WriteThrough, pagetype.CacheDisable, pagetype.PAT, bits} {
		assert.Zero(t, g.update(g.l1, 100, pagetype.MakePTE(g.pages[7], table|b)))
		assert.Zero(t, g.entry(g.l1, 100)&bits)
		assert.Zero(t, g.update(g.l1, 100, pagetype.MakePTE(g.pages[7], table)))
		assert.Zero(t, g.call(vaCall, g.at(100*frame.PageSize), uint64(pagetype.MakePTE(g.pages[7], table|b)), 0), "where it is mapped")
		assert.Zero(t, g.entry(g.l1, 100)&bits)
		assert.Equal(t, failed(hypercall.EINVAL), g.update(g.l2, 0, g.entry(g.l2, 0)|b), "a table")
		m := g.alloc()
		g.set(m, 1, pagetype.MakePTE(g.pages[7], table|b))
		assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
		assert.Zero(t, g.entry(m, 1)&bits)
		assert.Zero(t, g.update(g.l1, 101, pagetype.MakePTE(1<<20, table|b)), "a device")
		assert.Equal(t, b, g.entry(g.l1, 101)&bits)
		assert.Zero(t, g.update(g.l1, 101, 0))
	}
}

// XSA-494: the tables that a vCPU has loaded stay what they are, pinned or not,
// given back or not.
func TestXSA494LoadedTables(t *testing.T) {
	g := newGuest(t, false)
	writable := func(m frame.MFN) int64 { return g.update(g.l1, 100, pagetype.MakePTE(m, table)) }
	check := func() {
		for _, m := range []frame.MFN{g.l4, g.l3, g.l2, g.l1} {
			assert.True(t, g.owns(m))
			assert.Equal(t, failed(hypercall.EBUSY), writable(m))
			assert.Equal(t, failed(hypercall.EINVAL), g.extended(hypercall.MMUEXT_CLEAR_PAGE, m))
		}
	}
	check()
	assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L4_TABLE, g.l4))
	check()
	assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, g.l4))
	check()
	for _, m := range []frame.MFN{g.l4, g.l3, g.l2, g.l1} {
		assert.EqualValues(t, 1, g.call(memoryCall, hypercall.XENMEM_decrease_reservation, g.reservation(side{}, uint64(m))))
	}
	check()
}
