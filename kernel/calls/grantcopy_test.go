package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
)

const (
	fromRef = hypercall.GNTCOPY_source_gref
	toRef   = hypercall.GNTCOPY_dest_gref
)

func (p *pair) copy(op hypercall.GnttabCopy) hypercall.GrantStatus {
	op.Status = 77
	return one(p.user, hypercall.GNTTABOP_copy, op).Status
}

func (p *pair) granted(ref uint64, offset uint16) hypercall.GnttabCopyPtr {
	return hypercall.GnttabCopyPtr{U: ref, DomID: p.granter.d.DomID(), Offset: offset}
}

func own(m frame.MFN, offset uint16) hypercall.GnttabCopyPtr {
	return hypercall.GnttabCopyPtr{U: uint64(m), DomID: hypercall.DOMID_SELF, Offset: offset}
}

func TestCopyGrant(t *testing.T) {
	p := newPair(t)
	theirs, mine, other := p.grant(9, 3, 0), p.user.pages[2], p.user.pages[3]
	p.grant(10, 4, hypercall.GTF_readonly)
	bytes := func(m frame.MFN) *[frame.PageSize]byte { return machine.Types.Page(m) }
	before := [3][2]uint64{counts(theirs), counts(mine), counts(other)}
	fill := func(m frame.MFN, b byte) {
		for i := range bytes(m) {
			bytes(m)[i] = b + byte(i)
		}
	}
	for _, c := range []struct {
		what     string
		op       hypercall.GnttabCopy
		from, to frame.MFN
	}{
		{"from a grant", hypercall.GnttabCopy{Source: p.granted(9, 100), Dest: own(mine, 7), Len: 300, Flags: fromRef}, theirs, mine},
		{"to a grant", hypercall.GnttabCopy{Source: own(mine, 7), Dest: p.granted(9, 100), Len: 300, Flags: toRef}, mine, theirs},
		{"of a page's end", hypercall.GnttabCopy{Source: p.granted(9, 4095), Dest: own(mine, 4095), Len: 1, Flags: fromRef}, theirs, mine},
		{"a page", hypercall.GnttabCopy{Source: p.granted(9, 0), Dest: own(mine, 0), Len: 4096, Flags: fromRef}, theirs, mine},
		{"nothing", hypercall.GnttabCopy{Source: p.granted(9, 4096), Dest: own(mine, 4096), Flags: fromRef}, theirs, mine},
		{"of one's own", hypercall.GnttabCopy{Source: own(mine, 0), Dest: own(other, 96), Len: 4000}, mine, other},
		{"from a grant to be read only", hypercall.GnttabCopy{Source: p.granted(10, 0), Dest: own(other, 96), Len: 4000, Flags: fromRef}, p.granter.pages[4], other},
	} {
		fill(c.from, 1)
		fill(c.to, 0x80)
		want := *bytes(c.to)
		copy(want[c.op.Dest.Offset:], bytes(c.from)[c.op.Source.Offset:c.op.Source.Offset+c.op.Len])
		assert.Equal(t, okay, p.copy(c.op), c.what)
		assert.Equal(t, want, *bytes(c.to), c.what)
		assert.Equal(t, before, [3][2]uint64{counts(theirs), counts(mine), counts(other)}, c.what)
		assert.Zero(t, p.marks(9)|p.marks(10), c.what)
	}
	fill(mine, 1)
	want := *bytes(mine)
	copy(want[50:], want[:100])
	assert.Equal(t, okay, p.copy(hypercall.GnttabCopy{Source: own(mine, 0), Dest: own(mine, 50), Len: 100}), "within a page")
	assert.Equal(t, want, *bytes(mine))
}

func TestCopyGrantRefused(t *testing.T) {
	p := newPair(t)
	theirs, mine := p.grant(9, 3, 0), p.user.pages[2]
	p.grant(10, 4, hypercall.GTF_readonly)
	p.write(13, hypercall.GTF_permit_access, p.user.d.DomID(), p.granter.l1)
	before := [2][2]uint64{counts(theirs), counts(mine)}
	elsewhere := own(mine, 0)
	elsewhere.DomID = p.granter.d.DomID()
	nobody := p.granted(9, 0)
	nobody.DomID = noDomain()
	for _, c := range []struct {
		what string
		op   hypercall.GnttabCopy
		want hypercall.GrantStatus
	}{
		{"beyond the source", hypercall.GnttabCopy{Source: p.granted(9, 1), Dest: own(mine, 0), Len: 4096, Flags: fromRef}, hypercall.GNTST_bad_copy_arg},
		{"beyond the destination", hypercall.GnttabCopy{Source: p.granted(9, 0), Dest: own(mine, 4000), Len: 97, Flags: fromRef}, hypercall.GNTST_bad_copy_arg},
		{"an offset that wraps", hypercall.GnttabCopy{Source: p.granted(9, 65535), Dest: own(mine, 0), Len: 65535, Flags: fromRef}, hypercall.GNTST_bad_copy_arg},
		{"another's frame by number", hypercall.GnttabCopy{Source: elsewhere, Dest: own(mine, 0), Len: 1}, hypercall.GNTST_permission_denied},
		{"to another's frame", hypercall.GnttabCopy{Source: own(mine, 0), Dest: elsewhere, Len: 1}, hypercall.GNTST_permission_denied},
		{"of no domain", hypercall.GnttabCopy{Source: nobody, Dest: own(mine, 0), Len: 1, Flags: fromRef}, hypercall.GNTST_bad_domain},
		{"a frame that is not one's own", hypercall.GnttabCopy{Source: own(theirs, 0), Dest: own(mine, 0), Len: 1}, hypercall.GNTST_bad_page},
		{"no frame", hypercall.GnttabCopy{Source: own(mine, 0), Dest: own(1<<50, 0), Len: 1}, hypercall.GNTST_bad_page},
		{"no grant", hypercall.GnttabCopy{Source: p.granted(8, 0), Dest: own(mine, 0), Len: 1, Flags: fromRef}, general},
		{"beyond the table", hypercall.GnttabCopy{Source: p.granted(512, 0), Dest: own(mine, 0), Len: 1, Flags: fromRef}, hypercall.GNTST_bad_gntref},
		{"to what may be read", hypercall.GnttabCopy{Source: own(mine, 0), Dest: p.granted(10, 0), Len: 1, Flags: toRef}, general},
		{"to a page table of one's own", hypercall.GnttabCopy{Source: own(mine, 0), Dest: own(p.user.l1, 0), Len: 1}, general},
		{"to a page table of the granter's", hypercall.GnttabCopy{Source: own(mine, 0), Dest: p.granted(13, 0), Len: 1, Flags: toRef}, general},
	} {
		assert.Equal(t, c.want, p.copy(c.op), c.what)
		assert.Equal(t, before, [2][2]uint64{counts(theirs), counts(mine)}, c.what)
		for ref := range hypercall.GrantRef(14) {
			assert.Zero(t, p.marks(ref), "%s: %d is marked", c.what, ref)
		}
	}
}
