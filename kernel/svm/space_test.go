package svm

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
)

// newCPU makes a CPU with so many ASIDs.
func newCPU(count uint32) *cpu {
	c := &cpu{}
	c.tags.Start(count)
	return c
}

func loaded(c *cpu) *Guest {
	g := &Guest{vmcb: &vmcb{}}
	g.attach(c)
	return g
}

// exitFrom does what the entry code does after an exit.
func exitFrom(g *Guest) {
	g.vmcb.control.tlbControl = 0
	g.vmcb.control.clean = cleanAll
}

func TestEachSpaceHasAnASID(t *testing.T) {
	g := loaded(newCPU(16))
	c := &g.vmcb.control
	kernel := c.asid
	exitFrom(g)
	g.UseSpace(exit.UserSpace)
	user := c.asid
	assert.NotEqual(t, kernel, user)
	assert.Zero(t, c.clean&cleanASID)
	exitFrom(g)
	g.UseSpace(exit.UserSpace)
	assert.EqualValues(t, cleanAll, c.clean, "nothing has changed")
	g.UseSpace(exit.KernelSpace)
	assert.Equal(t, kernel, c.asid)

	g.FlushSpace(exit.UserSpace)
	assert.Equal(t, kernel, c.asid)
	g.UseSpace(exit.UserSpace)
	assert.NotEqual(t, user, c.asid)

	g.Flush()
	assert.NotContains(t, []uint32{kernel, user}, c.asid)
	g.UseSpace(exit.KernelSpace)
	assert.NotContains(t, []uint32{kernel, user}, c.asid)
}

// When the ASIDs run out the TLB is flushed at the next entry, whichever
// guest's that is.
func TestFlushIsNotLostWithoutAnEntry(t *testing.T) {
	c := newCPU(3)
	a := loaded(c)
	exitFrom(a)
	a.Flush()
	a.Flush()
	assert.EqualValues(t, tlbFlushAll, a.vmcb.control.tlbControl, "they ran out")
	a.Unload()
	assert.Zero(t, a.vmcb.control.tlbControl)

	b := loaded(c)
	assert.EqualValues(t, tlbFlushAll, b.vmcb.control.tlbControl)
	exitFrom(b)
	b.Unload()
	a.attach(c)
	assert.Zero(t, a.vmcb.control.tlbControl, "it has been done")
}

func TestFlushOfAllGuests(t *testing.T) {
	c := &cpus[1]
	*c = *newCPU(16)
	defer func() { *c = cpu{} }()
	away := loaded(c)
	exitFrom(away)
	away.Unload()
	g := loaded(c)
	exitFrom(g)
	FlushGuests(1)
	assert.EqualValues(t, tlbFlushAll, g.vmcb.control.tlbControl, "the guest that is loaded")
	exitFrom(g)
	g.UseSpace(exit.UserSpace)
	assert.Zero(t, g.vmcb.control.tlbControl)
	g.Unload()
	away.attach(c)
	assert.NotContains(t, []uint32{1, 2}, away.vmcb.control.asid, "those are the other's now")
	exitFrom(away)
	away.Unload()

	FlushGuests(1) // with none loaded
	g.attach(c)
	assert.EqualValues(t, tlbFlushAll, g.vmcb.control.tlbControl)
}
