package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// offersRings skips a test where there are no update rings, and then requires that nothing of them is seen.
func offersRings(t *pv.T) bool {
	if pv.HasRings() {
		return true
	}
	t.Check(!pv.OnTuco(), "Tuco has no update rings")
	t.Errno("kick", pv.KickRing(0), hypercall.ENOSYS)
	t.Errno("unregister", pv.UnregisterRing(), hypercall.ENOSYS)
	return false
}

// exits is some hypercall that is an exit, whatever else is made without one.
func exits() { pv.HasRings() }

// ring maps and unmaps by a ring, in batches of many sizes.
func ring(t *pv.T) {
	if !offersRings(t) {
		return
	}
	var r pv.Space
	r.Install(slot)
	for pages := 2; pages <= 5; pages++ {
		var q pv.Ring
		q.Make(pages)
		if pages == 4 {
			t.Errno("a number of slots that is no power of two", q.Register(), hypercall.EINVAL)
			q.Free()
			continue
		}
		t.OK("register", q.Register())
		t.Equal("state", q.Shared.State, hypercall.TUCORING_active)
		put := uint64(0)
		for _, n := range [...]uint64{1, 2, 31, 64, 65, 200, 255, 256} {
			for i := range n {
				q.Put(pv.Machine(r.Table(1))+8*i, pv.FrameEntry(pv.SpareFrame(i), pv.RW))
			}
			exits()
			put += n
			t.Equal("answered for", q.Done(), put)
			for i := range n {
				if !t.Equal("entry", r.Entry(i), pv.FrameEntry(pv.SpareFrame(i), pv.RW)) {
					break
				}
				*pv.At[uint64](r.Page(i)) = i
			}
			for i := range n {
				q.Put(pv.Machine(r.Table(1))+8*i, 0)
			}
			// The flush is a hypercall too, so the ring is drained before it.
			t.OK("flush", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL}))
			put += n
			t.Equal("answered for", q.Done(), put)
			for i := range n {
				if !t.Equal("entry", r.Entry(i), 0) {
					break
				}
			}
		}
		t.Equal("refused", q.Shared.Refused, 0)
		t.Errno("register a second time", q.Register(), hypercall.EEXIST)
		t.OK("kick", pv.KickRing(uint64(pv.This().ID)))
		t.OK("unregister", pv.UnregisterRing())
		t.Equal("state", q.Shared.State, hypercall.TUCORING_closed)
		t.Errno("unregister again", pv.UnregisterRing(), hypercall.ENXIO)
		t.Errno("kick", pv.KickRing(uint64(pv.This().ID)), hypercall.ENXIO)
		q.Put(pv.Machine(r.Table(1)), pv.FrameEntry(pv.SpareFrame(0), pv.RW))
		exits()
		t.Equal("entry by a ring that was", r.Entry(0), 0)
		q.Free()
	}
	r.Remove()
}

// ringRefused has entries refused, each by itself.
func ringRefused(t *pv.T) {
	if !offersRings(t) {
		return
	}
	var r pv.Space
	var q pv.Ring
	r.Install(slot)
	q.Make(2)
	pv.Need("register", q.Register())
	l1 := pv.Machine(r.Table(1))
	list := [...]struct {
		what     string
		ptr, val uint64
		err      hypercall.Errno
	}{
		{"map", l1, pv.FrameEntry(pv.SpareFrame(0), pv.RW), 0},
		{"a table, writable", l1 + 8, pv.PageEntry(r.Table(1), pv.RW), hypercall.EBUSY},
		{"the hypervisor's frame", l1 + 16, pv.FrameEntry(hypervisorFrame(), pv.RO), hypercall.EBUSY},
		{"a device of the hypervisor's", l1 + 24, pv.FrameEntry(apicFrame, pv.RW), hypercall.EPERM},
		{"no command", l1 | 4, 0, hypercall.ENOSYS},
		{"a slot of the hypervisor's", pv.Machine(pv.StartInfo.PTBase) + 8*256, 0, hypercall.EINVAL},
		{"a page of the ring as a table", pv.Machine(r.Table(2)) + 8, pv.PageEntry(q.Page(0), pv.TableFlags), hypercall.EINVAL},
		{"a word of the ring", pv.Machine(q.Page(0)) + 2048, 0x1234, 0},
		{"map behind them", l1 + 8*300, pv.FrameEntry(pv.SpareFrame(1), pv.RO), 0},
	}
	for round := range uint64(60) { // beyond the ring's end
		refused := q.Shared.Refused
		at := q.Done()
		for i := range list {
			q.Put(list[i].ptr, list[i].val)
		}
		exits()
		want := uint64(0)
		for i := range list {
			if list[i].err != 0 {
				want++
			}
			if round < 2 || round > 57 {
				t.Errno(list[i].what, q.Refusal(at+uint64(i)).Result(), list[i].err)
			}
		}
		if !t.Equal("refused", q.Shared.Refused-refused, want) || !t.Equal("answered for", q.Done(), at+uint64(len(list))) {
			break
		}
	}
	t.Equal("entry", r.Entry(300), pv.FrameEntry(pv.SpareFrame(1), pv.RO))
	t.Equal("word of the ring", *pv.At[uint64](q.Page(0) + 2048), 0x1234)
	q.Put(l1, 0)
	q.Put(l1+8*300, 0)
	pv.Need("unregister", pv.UnregisterRing())
	t.Equal("entry", r.Entry(0), 0)
	q.Free()
	r.Remove()
}

// ringIndex lies about the index: that costs the ring, and nothing else.
func ringIndex(t *pv.T) {
	if !offersRings(t) {
		return
	}
	var r pv.Space
	r.Install(slot)
	for i, wrong := range [...]uint64{257, 1 << 20, 1 << 32, 1 << 63, ^uint64(0)} {
		var q pv.Ring
		q.Make(2)
		pv.Need("register", q.Register())
		q.Slot(0).Ptr, q.Slot(0).Val = pv.Machine(r.Table(1)), pv.FrameEntry(pv.SpareFrame(0), pv.RW)
		q.Shared.Prod = wrong
		t.Errno("kick", pv.KickRing(0), hypercall.ENXIO)
		t.Equal("state", q.Shared.State, hypercall.TUCORING_broken)
		t.Equal("answered for", q.Shared.Cons, 0)
		t.Equal("entry", r.Entry(0), 0)
		t.Errno("unregister", pv.UnregisterRing(), hypercall.ENXIO)

		// Its pages are the guest's again: one becomes a table.
		*pv.At[[pv.PageSize]byte](q.Page(1)) = [pv.PageSize]byte{}
		pv.Protect(q.Page(1))
		t.OK("pin what was a ring's page", pv.TryPin(q.Page(1), 1))
		t.Errno("register with a table", q.Register(), hypercall.EINVAL)
		t.OK("unpin", pv.TryUnpin(q.Page(1)))
		pv.Unprotect(q.Page(1))

		// The next ring begins where the index stands.
		t.OK("register anew", q.Register())
		t.Equal("answered for", q.Done(), wrong)
		q.Put(pv.Machine(r.Table(1)), pv.FrameEntry(pv.SpareFrame(uint64(i)), pv.RW))
		exits()
		t.Equal("entry", r.Entry(0), pv.FrameEntry(pv.SpareFrame(uint64(i)), pv.RW))
		q.Shared.Prod-- // what is answered for is not taken back
		exits()
		t.Equal("state", q.Shared.State, hypercall.TUCORING_broken)
		pv.Need("unmap", r.Set(0, 0))
		q.Free()
	}
	r.Remove()
}

// ringFrames takes a ring's pages away from under it: they stay the ring's.
func ringFrames(t *pv.T) {
	if !offersRings(t) {
		return
	}
	var r pv.Space
	var q pv.Ring
	r.Install(slot)
	q.Make(2)
	pv.Need("register", q.Register())
	for i := range 2 {
		pv.Protect(q.Page(i))
		t.Errno("pin a ring's page", pv.TryPin(q.Page(i), 1), hypercall.EINVAL)
		pv.Unprotect(q.Page(i))
	}
	q.Put(pv.Machine(r.Table(1)), pv.FrameEntry(pv.SpareFrame(0), pv.RW))
	for i := range 2 {
		t.OK("unmap a ring's page", pv.UpdateVAMapping(q.Page(i), 0, hypercall.UVMF_INVLPG))
	}
	t.Equal("entry", r.Entry(0), pv.FrameEntry(pv.SpareFrame(0), pv.RW))
	t.Errno("kick", pv.KickRing(1<<32), hypercall.ENOENT)
	t.OK("kick", pv.KickRing(0))
	for i := range 2 {
		pv.Unprotect(q.Page(i))
	}
	t.Equal("answered for", q.Done(), 1)

	// What touches a page whose mapping waits may find it made, by the fault's exit, or get the fault: and not after a kick.
	q.Put(pv.Machine(r.Table(1))+8, pv.FrameEntry(pv.SpareFrame(1), pv.RW))
	touched = r.Page(1)
	trap := pv.Catch(touch)
	t.Check(trap.Vector == pv.None || trap.Vector == pv.PF, "vector %d", uint64(trap.Vector))
	t.OK("kick", pv.KickRing(0))
	t.NoTrap("touch after a kick", pv.Catch(touch))

	for _, arg := range pv.BadAddresses {
		t.Errno("register by nothing", pv.TucoOp(hypercall.TUCOOP_ring_register, pv.At[byte](arg)), hypercall.EFAULT)
	}
	pv.Need("unregister", pv.UnregisterRing())
	pv.Need("unmap", r.Set(0, 0))
	pv.Need("unmap", r.Set(1, 0))
	q.Free()
	r.Remove()
}

var touched uint64

func touch() { *pv.At[uint64](touched) = 1 }

// ringLong has more in the ring than a step of the hypervisor's may take: a full table comes and goes many times. The hypercall behind
// it finds all of it done, and is one exit.
func ringLong(t *pv.T) {
	if !offersRings(t) {
		return
	}
	var r pv.Space
	var q pv.Ring
	r.Install(slot)
	table := pv.AllocPage()
	for i := range uint64(512) {
		*pv.At[uint64](table + 8*i) = pv.FrameEntry(pv.SpareFrame(0), pv.RO)
	}
	pv.Protect(table)
	q.Make(2)
	pv.Need("register", q.Register())
	hook := pv.Machine(r.Table(2)) + 8
	for range 100 {
		q.Put(hook, pv.PageEntry(table, pv.TableFlags))
		q.Put(hook, 0)
	}
	q.Put(hook, pv.PageEntry(table, pv.TableFlags))
	var before, after hypercall.TucoExits
	t.OK("exits", pv.TucoOp(hypercall.TUCOOP_exits, &before)) // the ring is drained before it
	t.Equal("answered for", q.Done(), 201)
	t.Equal("refused", q.Shared.Refused, 0)
	t.Errno("make a table in use writable", pv.MapPage(table, pv.RW), hypercall.EBUSY)
	q.Put(hook, 0)
	for range 50 {
		q.Put(hook, pv.PageEntry(table, pv.TableFlags))
		q.Put(hook, 0)
	}
	t.OK("make it writable behind its last use", pv.MapPage(table, pv.RW))
	t.OK("exits", pv.TucoOp(hypercall.TUCOOP_exits, &after))
	t.Equal("hypercalls", after.Hypercalls-before.Hypercalls, 3)
	t.Equal("answered for", q.Done(), 302)
	pv.Need("unregister", pv.UnregisterRing())
	q.Free()
	pv.FreePage(table)
	r.Remove()
}
