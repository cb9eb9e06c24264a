package grants

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

const (
	fromRef = hypercall.GNTCOPY_source_gref
	toRef   = hypercall.GNTCOPY_dest_gref
)

func copied(t *pv.T) {
	w := begin(0)
	own := pv.AllocPage()
	theirs, mine := pv.At[[512]uint64](w.page), pv.At[[512]uint64](own)
	for i := range theirs {
		theirs[i], mine[i] = uint64(i), 0
	}
	t.Status("a page", pv.CopyGrant(hypercall.GnttabCopy{Source: pv.Granted(w.self, firstRef, 0), Dest: pv.Within(own, 0), Len: 4096, Flags: fromRef}), okay)
	t.Check(*theirs == *mine, "the page is not what was copied")
	t.Status("some bytes", pv.CopyGrant(hypercall.GnttabCopy{Source: pv.Within(own, 16), Dest: pv.Granted(w.self, firstRef, 4080), Len: 16, Flags: toRef}), okay)
	t.Equal("the last but one", theirs[510], 2)
	t.Equal("the last", theirs[511], 3)
	t.Equal("the one before", theirs[509], 509)
	t.Status("from grant to grant", pv.CopyGrant(hypercall.GnttabCopy{
		Source: pv.Granted(w.self, firstRef, 8), Dest: pv.Granted(hypercall.DOMID_SELF, firstRef, 800), Len: 8, Flags: fromRef | toRef,
	}), okay)
	t.Equal("that", theirs[100], 1)
	t.Status("of one's own", pv.CopyGrant(hypercall.GnttabCopy{Source: pv.Within(own, 80), Dest: pv.Within(own, 0), Len: 8}), okay)
	t.Equal("that", mine[0], 10)
	t.Status("nothing", pv.CopyGrant(hypercall.GnttabCopy{Source: pv.Granted(w.self, firstRef, 0), Dest: pv.Within(own, 0), Flags: fromRef}), okay)
	pv.FreePage(own)
	w.end(t)
}

func copyRefused(t *pv.T) {
	w := begin(hypercall.GTF_readonly)
	own := pv.AllocPage()
	granted, mine := pv.Granted(w.self, firstRef, 0), pv.Within(own, 0)
	far, nobodys, elsewhere := granted, granted, mine
	far.Offset, nobodys.DomID, elsewhere.DomID = 4090, nobody, w.self
	table := pv.Within(w.space.Table(1), 0)
	none := pv.Granted(w.self, 20, 0)
	for _, c := range [...]struct {
		what string
		op   hypercall.GnttabCopy
		want hypercall.GrantStatus
	}{
		{"beyond the page", hypercall.GnttabCopy{Source: far, Dest: mine, Len: 7, Flags: fromRef}, hypercall.GNTST_bad_copy_arg},
		{"to what may be read", hypercall.GnttabCopy{Source: mine, Dest: granted, Len: 7, Flags: toRef}, general},
		{"from no domain by a frame", hypercall.GnttabCopy{Source: nobodys, Dest: mine, Len: 7}, hypercall.GNTST_bad_domain},
		{"from no domain", hypercall.GnttabCopy{Source: nobodys, Dest: mine, Len: 7, Flags: fromRef}, hypercall.GNTST_bad_domain},
		{"a frame of a domain by its number", hypercall.GnttabCopy{Source: elsewhere, Dest: mine, Len: 7}, hypercall.GNTST_permission_denied},
		{"nothing granted", hypercall.GnttabCopy{Source: none, Dest: mine, Len: 7, Flags: fromRef}, general},
		{"to a page table", hypercall.GnttabCopy{Source: mine, Dest: table, Len: 7}, general},
	} {
		t.Status(c.what, pv.CopyGrant(c.op), c.want)
		t.Equal("marks", w.g.Marks(), 0)
	}
	pv.FreePage(own)
	w.end(t)
}
