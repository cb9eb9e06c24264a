package smp

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// before looks at vCPUs that nobody has started.
func before(t *pv.T) {
	n := pv.CPUs()
	if n < 2 {
		t.Skip("the domain has one vCPU")
		return
	}
	t.Equal("is_up of this vCPU", isUp(0), 1)
	for id := uint32(1); id < n; id++ {
		t.Equal("is_up", isUp(id), 0)
		t.Errno("up", vcpuOp(hypercall.VCPUOP_up, id), hypercall.EINVAL)
		t.Equal("mask of upcalls", uint64(pv.Shared().VCPUInfo[id].EvtchnUpcallMask), 1)
		var r hypercall.VCPURunstateInfo
		t.OK("get_runstate_info", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, id, &r))
		t.Equal("state", uint64(r.State), hypercall.RUNSTATE_offline)
	}
	for _, cmd := range [...]uint64{hypercall.VCPUOP_up, hypercall.VCPUOP_down, hypercall.VCPUOP_is_up, hypercall.VCPUOP_send_nmi} {
		for _, id := range [...]uint32{n, noVCPU, 1 << 31, 1<<32 - 1} {
			t.Errno("a vCPU that does not exist", vcpuOp(cmd, id), hypercall.ENOENT)
		}
	}
	for _, cmd := range [...]uint64{14, 100, 1<<31 - 1} {
		t.Errno("unknown command", vcpuOp(cmd, 0), hypercall.ENOSYS)
	}
}

// initialiseRefused gives vCPU 1 states that can't be. It can be initialised afterwards.
func initialiseRefused(t *pv.T) {
	if pv.CPUs() < 2 {
		t.Skip("the domain has one vCPU")
		return
	}
	for _, bad := range pv.BadAddresses {
		t.Errno("a state where nothing is", pv.VCPUOp(hypercall.VCPUOP_initialise, 1, pv.At[byte](bad)), hypercall.EFAULT)
	}
	t.Errno("a vCPU that does not exist", pv.VCPUOp(hypercall.VCPUOP_initialise, noVCPU, pv.FirstContext(1)), hypercall.ENOENT)
	data := pv.AllocPage()
	for _, c := range [...]struct {
		what   string
		change func(x *hypercall.VCPUGuestContext, data uint64)
	}{
		{"no root", func(x *hypercall.VCPUGuestContext, _ uint64) { x.Ctrlreg[3] = 0 }},
		{"a root that is no table", func(x *hypercall.VCPUGuestContext, data uint64) { x.Ctrlreg[3] = pv.Machine(data) }},
		{"a root of the hypervisor's", func(x *hypercall.VCPUGuestContext, _ uint64) { x.Ctrlreg[3] = 0xfee00 * pv.PageSize }},
		{"a root for user mode that is no table", func(x *hypercall.VCPUGuestContext, data uint64) { x.Ctrlreg[1] = pv.Machine(data) }},
		{"too large a GDT", func(x *hypercall.VCPUGuestContext, _ uint64) { x.GDTEnts = hypercall.FIRST_RESERVED_GDT_ENTRY + 1 }},
		{"a GDT in a page that is mapped writable", func(x *hypercall.VCPUGuestContext, data uint64) {
			x.GDTEnts, x.GDTFrames[0] = 1, pv.MFN(data)
		}},
		{"an LDT within a page", func(x *hypercall.VCPUGuestContext, _ uint64) { x.LDTBase, x.LDTEnts = pv.VirtBase+8, 1 }},
		{"too large an LDT", func(x *hypercall.VCPUGuestContext, _ uint64) { x.LDTBase, x.LDTEnts = pv.VirtBase, 8193 }},
	} {
		x := pv.FirstContext(1)
		c.change(x, data)
		t.Errno(c.what, pv.VCPUOp(hypercall.VCPUOP_initialise, 1, x), hypercall.EINVAL)
		t.Errno("up", vcpuOp(hypercall.VCPUOP_up, 1), hypercall.EINVAL)
	}
	pv.FreePage(data)
}

// ran is set by each vCPU.
var ran [pv.MaxCPUs]atomic.Uint64

func noteRun() { ran[pv.This().ID].Add(1) }

func start(t *pv.T) {
	n := pv.CPUs()
	if n < 2 {
		t.Skip("the domain has one vCPU")
		return
	}
	for id := uint32(1); id < n; id++ {
		t.OK("initialise", pv.VCPUOp(hypercall.VCPUOP_initialise, id, pv.FirstContext(id)))
		t.Equal("is_up", isUp(id), 0)
		t.Errno("initialise again", pv.VCPUOp(hypercall.VCPUOP_initialise, id, pv.FirstContext(id)), hypercall.EEXIST)
		pv.Go(id, noteRun)
		pv.Sleep(pv.Now() + 2*pv.Millisecond)
		t.Equal("jobs of a vCPU that is not up", ran[id].Load(), 0)
		t.OK("up", vcpuOp(hypercall.VCPUOP_up, id))
		t.Equal("is_up", isUp(id), 1)
		t.OK("up again", vcpuOp(hypercall.VCPUOP_up, id))
		t.Check(pv.Await(id), "vCPU %d does nothing", uint64(id))
		t.Equal("jobs", ran[id].Load(), 1)
		t.Errno("initialise what is up", pv.VCPUOp(hypercall.VCPUOP_initialise, id, pv.FirstContext(id)), hypercall.EEXIST)
	}
}

var counter, stop atomic.Uint64

// count counts until it is told to stop.
func count() {
	for stop.Load() == 0 {
		counter.Add(1)
	}
}

// requireCounting requires the counter to go on, or not.
func requireCounting(t *pv.T, counting bool) {
	from := counter.Load()
	for until := pv.Now() + 5*pv.Second; counting && counter.Load() == from && pv.Now() < until; {
		pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil)
	}
	if !counting {
		pv.Sleep(pv.Now() + 5*pv.Millisecond)
	}
	t.Check(counting == (counter.Load() != from), "the counter went from %d to %d", from, counter.Load())
}

// stateWhenDown is the runstate of a vCPU that is not up. It may take a moment to leave its processor.
func stateWhenDown(id uint32) uint64 {
	for until := pv.Now() + 5*pv.Second; ; pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil) {
		var r hypercall.VCPURunstateInfo
		pv.Need("get_runstate_info", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, id, &r))
		if r.State == hypercall.RUNSTATE_offline || pv.Now() > until {
			return uint64(r.State)
		}
	}
}

// downUp stops a vCPU in what it does, and lets it go on.
func downUp(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	stop.Store(0)
	pv.Go(1, count)
	for range 20 {
		requireCounting(t, true)
		t.OK("down", vcpuOp(hypercall.VCPUOP_down, 1))
		t.Equal("is_up", isUp(1), 0)
		t.OK("down again", vcpuOp(hypercall.VCPUOP_down, 1))
		t.Equal("state", stateWhenDown(1), hypercall.RUNSTATE_offline)
		requireCounting(t, false)
		t.OK("up", vcpuOp(hypercall.VCPUOP_up, 1))
		t.Equal("is_up", isUp(1), 1)
	}
	stop.Store(1)
	t.Check(pv.Await(1), "vCPU 1 does not stop")
}

var downResult atomic.Uint64

func goDown() {
	downResult.Store(pv.VCPUOp[byte](hypercall.VCPUOP_down, pv.This().ID, nil))
}

// downItself has a vCPU stop itself. The call returns when it is up again.
func downItself(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	for range 20 {
		downResult.Store(99)
		pv.Go(1, goDown)
		for until := pv.Now() + 5*pv.Second; isUp(1) == 1 && pv.Now() < until; {
			pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil)
		}
		t.Equal("is_up", isUp(1), 0)
		t.Equal("result before it is up", downResult.Load(), 99)
		t.OK("up", vcpuOp(hypercall.VCPUOP_up, 1))
		t.Check(pv.Await(1), "vCPU 1 did not go on")
		t.OK("down", downResult.Load())
	}
}
