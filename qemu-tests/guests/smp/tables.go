package smp

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

const slot = 300

// space is the addresses that vCPUs share.
var space pv.Space

// question asks whoever answers for what page 0 of the space holds.
var question, answer atomic.Uint64

// answerQuestions reads the page over and over, so that its translation is there to go stale, and answers each question with
// what it reads then.
func answerQuestions() {
	word := pv.At[uint64](space.Page(0))
	for asked := uint64(0); stop.Load() == 0; {
		atomic.LoadUint64(word)
		if q := question.Load(); q != asked {
			asked = q
			answer.Store(q<<32 | atomic.LoadUint64(word))
		}
	}
}

// flush changes what an address maps while others read there, and flushes their TLBs. QEMU's processors keep translations,
// and those here never leave the guest by themselves.
func flush(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	space.Install(slot)
	frames := [2]uint64{pv.SpareFrame(0), pv.SpareFrame(1)}
	for i, frame := range frames {
		pv.Need("map", space.Set(1, pv.FrameEntry(frame, pv.RW)))
		pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL})
		*pv.At[uint64](space.Page(1)) = uint64(i)
	}
	pv.Need("map", space.Set(0, pv.FrameEntry(frames[0], pv.RO)))
	stop.Store(0)
	question.Store(0)
	answer.Store(0)
	pv.Go(1, answerQuestions)
	mask := [1]uint64{2} // vCPU 1
	for round := range uint64(48) {
		n := (round + 1) % 2
		entry := pv.FrameEntry(frames[n], pv.RO)
		op := hypercall.MMUExtOp{Arg1: space.Page(0), Arg2: pv.Address(&mask)}
		how := round / 2 % 6
		switch how {
		case 0:
			t.OK("update", pv.UpdateVAMapping(space.Page(0), entry, hypercall.UVMF_INVLPG|hypercall.UVMF_ALL))
		case 1:
			t.OK("update", pv.UpdateVAMapping(space.Page(0), entry, hypercall.UVMF_TLB_FLUSH|hypercall.UVMFlags(pv.Address(&mask))))
		case 2:
			op.Cmd = hypercall.MMUEXT_INVLPG_ALL
		case 3:
			op.Cmd = hypercall.MMUEXT_INVLPG_MULTI
		case 4:
			op.Cmd = hypercall.MMUEXT_TLB_FLUSH_ALL
		case 5:
			op.Cmd = hypercall.MMUEXT_TLB_FLUSH_MULTI
		}
		if how >= 2 {
			t.OK("update", space.Set(0, entry))
			t.OK("flush", pv.MMUExtOp(op))
		}
		question.Store(round + 1)
		for until := pv.Now() + 5*pv.Second; answer.Load()>>32 != round+1 && pv.Now() < until; {
		}
		if !t.Equal("questions answered", answer.Load()>>32, round+1) ||
			!t.Check(answer.Load()&0xffff_ffff == n, "a stale translation, flushed by way %d", how) {
			break
		}
	}
	stop.Store(1)
	t.Check(pv.Await(1), "vCPU 1 does not stop")
	pv.Need("unmap", space.Set(0, 0))
	pv.Need("unmap", space.Set(1, 0))
	space.Remove()
}

var root uint64

func loadRoot() {
	order.result = pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_BASEPTR, Arg1: pv.MFN(root)})
}

func loadFirstRoot() {
	order.result = pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_BASEPTR, Arg1: pv.MFN(pv.StartInfo.PTBase)})
}

// roots has vCPU 1 use a root of its own: it is a table as long as that lasts.
func roots(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	const kernelSlot = 511
	root = pv.AllocPage()
	*pv.At[uint64](root + 8*kernelSlot) = *pv.At[uint64](pv.StartInfo.PTBase + 8*kernelSlot)
	pv.Protect(root)
	for range 10 {
		pv.Do(1, loadRoot)
		t.OK("load a root on vCPU 1", order.result)
		t.Errno("map it writable", pv.MapPage(root, pv.RW), hypercall.EBUSY)
		pv.Do(1, loadFirstRoot)
		t.OK("load the first root", order.result)
		t.OK("map it writable", pv.MapPage(root, pv.RW))
		pv.Protect(root)
	}
	pv.Unprotect(root)
	pv.FreePage(root)
}

// wrong counts what went wrong in tablesParallel.
var wrong atomic.Uint64

const tableRounds = 50

// workTables maps, unmaps, pins and unpins in the space that all share, at a place of the vCPU's own.
func workTables() {
	id := uint64(pv.This().ID)
	frame := pv.SpareFrame(id)
	table := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: frame}
	unpin := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: frame}
	page := space.Page(id)
	expect := func(got uint64, want hypercall.Errno) {
		if got != want.Result() {
			wrong.Add(1)
		}
	}
	for round := range uint64(tableRounds) {
		expect(space.Set(id, pv.FrameEntry(frame, pv.RW)), 0)
		expect(pv.MMUExtOp(table), hypercall.EINVAL) // it is mapped writable
		*pv.At[uint64](page) = round
		if *pv.At[uint64](page) != round {
			wrong.Add(1)
		}
		*pv.At[uint64](page) = 0
		expect(pv.UpdateVAMapping(page, pv.FrameEntry(frame, pv.RO), hypercall.UVMF_INVLPG|hypercall.UVMF_ALL), 0)
		expect(pv.MMUExtOp(table), 0)
		expect(space.Set(id, pv.FrameEntry(frame, pv.RW)), hypercall.EBUSY)
		expect(pv.MMUExtOp(unpin), 0)
		expect(pv.UpdateVAMapping(page, 0, hypercall.UVMF_TLB_FLUSH|hypercall.UVMF_ALL), 0)
	}
}

// tablesParallel has all vCPUs change one page table, and what its frames are.
func tablesParallel(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	n := pv.CPUs()
	space.Install(slot)
	for i := range uint64(n) { // empty, as tables have to be
		pv.Need("clear", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_CLEAR_PAGE, Arg1: pv.SpareFrame(i)}))
	}
	wrong.Store(0)
	for id := uint32(1); id < n; id++ {
		pv.Go(id, workTables)
	}
	workTables()
	for id := uint32(1); id < n; id++ {
		t.Check(pv.Await(id), "vCPU %d does not come to an end", uint64(id))
	}
	t.Equal("results that were wrong", wrong.Load(), 0)
	space.Remove()
}
