package grants

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func swap(t *pv.T) {
	w := begin(0)
	other := &w.grants[30]
	other.Set(w.self+1, 0, 0)
	op := hypercall.GnttabSwapGrantRef{RefA: firstRef, RefB: 30}
	swap := func() hypercall.GrantStatus {
		t.OK("swap_grant_ref", pv.GrantOp(hypercall.GNTTABOP_swap_grant_ref, &op, 1))
		return op.Status
	}
	t.Status("swap", swap(), okay)
	t.Status("map what is there no more", w.mapAt(0, host).Status, general)
	m := pv.MapGrant(hypercall.GnttabMapGrantRef{HostAddr: w.space.Page(0), Flags: host, Ref: 30, Dom: w.self})
	t.Status("map what is there now", m.Status, okay)
	t.Status("swap what is in use", swap(), hypercall.GNTST_eagain)
	t.Status("unmap", unmap(&m), okay)
	t.Status("swap", swap(), okay)
	op.RefB = 1 << 20
	t.Status("no reference", swap(), hypercall.GNTST_bad_gntref)
	other.End()
	w.end(t)
}

const many = 300

// Too large for the stack.
var (
	maps   [many]hypercall.GnttabMapGrantRef
	unmaps [many]hypercall.GnttabUnmapGrantRef
)

// list has every third element wrong: each has its status. The page is granted several times, since Xen maps a grant 127
// times at the most.
func list(t *pv.T) {
	w := begin(0)
	for i := range maps {
		ref := hypercall.GrantRef(40 + i%4)
		w.grants[ref].Set(w.self, pv.MFN(w.page), 0)
		if i%3 == 2 {
			ref = 20
		}
		maps[i] = hypercall.GnttabMapGrantRef{HostAddr: w.space.Page(uint64(i)), Flags: host, Ref: ref, Dom: w.self, Status: 99}
	}
	t.OK("map_grant_ref", pv.GrantOp(hypercall.GNTTABOP_map_grant_ref, &maps[0], many))
	for i := range maps {
		want := okay
		if i%3 == 2 {
			want = general
		}
		if !t.Status("a status", maps[i].Status, want) {
			break
		}
		unmaps[i] = hypercall.GnttabUnmapGrantRef{HostAddr: maps[i].HostAddr, Handle: maps[i].Handle, Status: 99}
		if i%3 == 2 {
			unmaps[i].Handle = 1<<32 - 1
		}
	}
	t.OK("unmap_grant_ref", pv.GrantOp(hypercall.GNTTABOP_unmap_grant_ref, &unmaps[0], many))
	for i := range unmaps {
		want := okay
		if i%3 == 2 {
			want = hypercall.GNTST_bad_handle
		}
		if !t.Status("a status", unmaps[i].Status, want) {
			break
		}
	}
	for i := range uint64(many) {
		t.Equal("entry", w.space.Entry(i), 0)
	}
	for i := range w.grants[40:44] {
		t.Check(w.grants[40+i].End(), "a grant can't be ended")
	}
	w.end(t)
}

func commands(t *pv.T) {
	w := begin(0)
	for _, cmd := range [...]uint64{
		hypercall.GNTTABOP_map_grant_ref, hypercall.GNTTABOP_unmap_grant_ref, hypercall.GNTTABOP_copy, hypercall.GNTTABOP_unmap_and_replace,
	} {
		t.Errno("a list nowhere", pv.GrantOp(cmd, pv.At[byte](nowhere), 1), hypercall.EFAULT)
		t.Errno("an empty list", pv.GrantOp(cmd, pv.At[byte](nowhere), 0), 0)
		t.Errno("a list of too many", pv.GrantOp(cmd, &maps[0], 1<<31), hypercall.EINVAL)
	}
	t.Errno("no such command", pv.GrantOp(99, &maps[0], 1), hypercall.ENOSYS)
	w.end(t)
}
