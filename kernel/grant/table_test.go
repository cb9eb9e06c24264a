package grant

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

const (
	okay    = hypercall.GNTST_okay
	general = hypercall.GNTST_general_error
	access  = hypercall.GTF_permit_access
)

func TestPinRefused(t *testing.T) {
	x := newWorld(t)
	for _, c := range []struct {
		what  string
		flags uint16
		to    hypercall.DomID
		m     frame.MFN
		write bool
		want  hypercall.GrantStatus
	}{
		{"nothing granted", 0, user, x.pages[0], false, general},
		{"to another", access, stranger, x.pages[0], false, general},
		{"to oneself by that name", access, hypercall.DOMID_SELF, x.pages[0], false, general},
		{"a transfer", hypercall.GTF_accept_transfer, user, x.pages[0], false, general},
		{"a transitive one", hypercall.GTF_transitive, user, x.pages[0], false, general},
		{"part of a page", access | hypercall.GTF_sub_page, user, x.pages[0], false, general},
		{"read-only to write", access | hypercall.GTF_readonly, user, x.pages[0], true, general},
		{"a third's frame", access, user, x.foreign, false, hypercall.GNTST_bad_page},
		{"nobody's frame", access, user, ram - 1, false, hypercall.GNTST_bad_page},
		{"a frame that is none", access, user, 1<<32 - 1, true, hypercall.GNTST_bad_page},
		{"read-only", access | hypercall.GTF_readonly, user, x.pages[0], false, okay},
		{"to write", access, user, x.pages[0], true, okay},
	} {
		const ref = 8
		x.write(ref, c.flags, c.to, c.m)
		m, s := x.pin(ref, user, c.write)
		assert.Equal(t, c.want, s, c.what)
		if s == okay {
			assert.Equal(t, c.m, m, c.what)
			x.unpin(ref, c.write)
		}
		assert.Equal(t, c.flags, x.flags(ref), "%s: marks are left over", c.what)
	}
	for _, ref := range []hypercall.GrantRef{2 * PerFrame, 1 << 31, 1<<32 - 1, MaxFrames * PerFrame} {
		_, s := x.pin(ref, user, false)
		assert.Equal(t, hypercall.GNTST_bad_gntref, s, "reference %d", ref)
	}
}

// The marks say how the entry is in use; and what is in use is what was pinned first.
func TestMarks(t *testing.T) {
	x := newWorld(t)
	const ref = PerFrame + 3
	pin := func(write bool) {
		m, s := x.pin(ref, user, write)
		assert.Equal(t, okay, s)
		assert.Equal(t, x.pages[1], m)
	}
	x.write(ref, access, user, x.pages[1])
	pin(false)
	assert.EqualValues(t, access|reading, x.flags(ref))
	pin(true)
	pin(true)
	assert.EqualValues(t, access|reading|writing, x.flags(ref))

	// The granter changes what it may not.
	x.write(ref, access|reading|writing, user, x.pages[2])
	pin(false)
	_, s := x.pin(ref, stranger, false)
	assert.Equal(t, general, s)
	x.write(ref, access|reading|writing, stranger, x.pages[2])
	_, s = x.pin(ref, stranger, false)
	assert.Equal(t, general, s, "it is in use by another")
	pin(true) // marked already, so the entry does not count

	for range 2 {
		x.unpin(ref, true)
	}
	assert.EqualValues(t, access|reading|writing, x.flags(ref))
	x.unpin(ref, true)
	assert.EqualValues(t, access|reading, x.flags(ref))
	x.unpin(ref, false)
	assert.EqualValues(t, access|reading, x.flags(ref))
	x.unpin(ref, false)
	assert.EqualValues(t, access, x.flags(ref))
	assert.Panics(t, func() { newWorld(t).unpin(ref, false) }, "a pin more than there was")
}

// A pin to write after one to read is checked as the first one was.
func TestWriteAfterRead(t *testing.T) {
	x := newWorld(t)
	x.write(1, access|hypercall.GTF_readonly, user, x.pages[0])
	_, s := x.pin(1, user, false)
	assert.Equal(t, okay, s)
	_, s = x.pin(1, user, true)
	assert.Equal(t, general, s)
	assert.EqualValues(t, access|hypercall.GTF_readonly|reading, x.flags(1))
	x.unpin(1, false)
	assert.EqualValues(t, access|hypercall.GTF_readonly, x.flags(1))
}

// XSA-236: the reference to the frame is taken before the pin counts, and given back after
// it is gone. So a frame that its owner gives up while it is pinned is not free, and a pin of
// a frame that is free is refused and leaves no mark.
func TestXSA236ReferenceBeforePin(t *testing.T) {
	x := newWorld(t)
	m := x.pages[0]
	x.write(0, access, user, m)
	_, s := x.pin(0, user, true)
	assert.Equal(t, okay, s)
	x.surrender(m)
	owner, owned := frames.Owner(m)
	assert.True(t, owned && owner == granter, "a pinned frame was freed")
	x.unpin(0, true)
	assert.Equal(t, 1, x.free(&x.w))
	assert.False(t, frames.Owned(m))
	_, s = x.pin(0, user, true)
	assert.Equal(t, hypercall.GNTST_bad_page, s)
	assert.EqualValues(t, access, x.flags(0))
}

// After the granter's end nothing is pinned, and no entry written to, whatever is in its place.
func TestClose(t *testing.T) {
	x := newWorld(t)
	x.write(0, access, user, x.pages[0])
	_, s := x.pin(0, user, true)
	assert.Equal(t, okay, s)
	x.table.Close(x.h)
	x.write(0, 0xffff, 0xffff, 0)
	_, s = x.pin(0, user, false)
	assert.Equal(t, hypercall.GNTST_bad_gntref, s)
	x.unpin(0, true)
	assert.EqualValues(t, 0xffff, x.flags(0))
}

func TestSwap(t *testing.T) {
	x := newWorld(t)
	const far = 2*PerFrame - 1
	x.write(0, access, user, x.pages[0])
	x.write(far, access|hypercall.GTF_readonly, stranger, x.pages[1])
	assert.Equal(t, okay, x.table.Swap(x.h, 0, far))
	m, s := x.pin(far, user, true)
	assert.Equal(t, okay, s)
	assert.Equal(t, x.pages[0], m)
	assert.Equal(t, hypercall.GNTST_eagain, x.table.Swap(x.h, 0, far))
	assert.Equal(t, hypercall.GNTST_eagain, x.table.Swap(x.h, far, 0))
	assert.Equal(t, hypercall.GNTST_bad_gntref, x.table.Swap(x.h, 0, far+1))
	assert.Equal(t, hypercall.GNTST_bad_gntref, x.table.Swap(x.h, far+1, 0))
	x.unpin(far, true)
	assert.Equal(t, okay, x.table.Swap(x.h, far, far))
	_, s = x.pin(0, stranger, false)
	assert.Equal(t, okay, s)
	x.unpin(0, false)
}
