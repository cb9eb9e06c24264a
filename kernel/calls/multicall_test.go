package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/pv"
)

type entry = hypercall.MulticallEntry

const (
	multicallCall = hypercall.HYPERVISOR_multicall
	unused        = 0x5555

	// yielding is a number that tests give to handlers of their own.
	yielding hypercall.Number = 62
)

// multicall makes the calls, and returns their results besides.
func (g *guest) multicall(list ...entry) (int64, []int64) {
	for i := range list {
		list[i].Result = unused
	}
	r := g.call(multicallCall, g.write(4096, list), uint64(len(list)))
	var results []int64
	for i := range list {
		results = append(results, int64(read[entry](g, 4096+64*uint64(i)).Result))
	}
	return r, results
}

// with puts a handler in place of another's for the test.
func with(t *testing.T, n hypercall.Number, h domain.Handler) {
	calls := PV
	calls[n] = h
	pv.Kind(&calls)
	t.Cleanup(func() { pv.Kind(&PV) })
}

func TestMulticall(t *testing.T) {
	g := newGuest(t, false)
	version := entry{Op: hypercall.HYPERVISOR_xen_version}
	r, results := g.multicall(version,
		entry{Op: 63}, entry{Op: 64}, entry{Op: ^hypercall.Number(0)},
		entry{Op: multicallCall, Args: hypercall.ArgList{g.at(4096), 1}},
		entry{Op: memoryCall, Args: hypercall.ArgList{hypercall.XENMEM_exchange, bad}},
		version)
	assert.Zero(t, r)
	nosys := failed(hypercall.ENOSYS)
	assert.Equal(t, []int64{4<<16 | 17, nosys, nosys, nosys, failed(hypercall.EINVAL), failed(hypercall.EFAULT), 4<<16 | 17}, results)
	assert.EqualValues(t, 2, g.v.Calls[hypercall.HYPERVISOR_xen_version])

	r, _ = g.multicall()
	assert.Zero(t, r)
}

func TestMulticallList(t *testing.T) {
	g := newGuest(t, false)
	for _, at := range []uint64{bad, 0xffff_8300_0000_0000, 0x8000_0000_0000} {
		assert.Equal(t, failed(hypercall.EFAULT), g.call(multicallCall, at, 1), "%x", at)
		assert.Equal(t, failed(hypercall.EFAULT), g.call(multicallCall, at, 1<<32-1), "%x", at)
	}
	t.Run("it ends where the memory does", func(t *testing.T) {
		at := uint64(8*frame.PageSize - 64)
		list := g.write(at, entry{Op: hypercall.HYPERVISOR_xen_version})
		assert.Equal(t, failed(hypercall.EFAULT), g.call(multicallCall, list, 2))
		assert.EqualValues(t, 4<<16|17, read[entry](g, at).Result, "the first was done")
	})
	t.Run("its results can't be written", func(t *testing.T) {
		g.write(0, entry{Op: hypercall.HYPERVISOR_xen_version})
		g.call(mmuUpdateCall, g.write(4096, slot(g.l1, 100), uint64(pagetype.MakePTE(g.pages[0], leaf))), 1, 0, self)
		assert.Equal(t, failed(hypercall.EFAULT), g.call(multicallCall, g.at(100*frame.PageSize), 1))
	})
}

// A call of several steps keeps its arguments whatever the guest does to the list
// in the middle, and the calls behind it wait for it.
func TestMulticallSteps(t *testing.T) {
	g := newGuest(t, false)
	var seen []uint64
	with(t, yielding, func(v *domain.VCPU, a *hypercall.Args) int64 {
		first := a.SetTimerOp()
		seen = append(seen, first)
		if v.Progress.Done++; v.Progress.Done < 3 {
			g.write(4096+64*(first-7), entry{Op: 63, Args: hypercall.ArgList{666}})
			return domain.Continue
		}
		return 5
	})
	r, results := g.multicall(entry{Op: yielding, Args: hypercall.ArgList{7}}, entry{Op: yielding, Args: hypercall.ArgList{8}})
	assert.Zero(t, r)
	assert.Equal(t, []uint64{7, 7, 7, 8, 8, 8}, seen)
	assert.Equal(t, []int64{5, 5}, results)
	assert.GreaterOrEqual(t, g.steps, 5) // more if one took too long
}

// A call that makes the vCPU leave its CPU does so before the next one.
func TestMulticallLeaves(t *testing.T) {
	g := newGuest(t, false)
	with(t, yielding, func(v *domain.VCPU, _ *hypercall.Args) int64 {
		v.Leave = true
		return 0
	})
	r, results := g.multicall(entry{Op: yielding}, entry{Op: yielding}, entry{Op: 63})
	assert.Zero(t, r)
	assert.Equal(t, []int64{0, 0, failed(hypercall.ENOSYS)}, results)
	assert.GreaterOrEqual(t, g.steps, 3)
}

// A list that ends with iret is over when it says so, also if it took several steps
// and what the guest wants in RAX looks as if there were another one.
func TestMulticallEndsWithAnyRAX(t *testing.T) {
	g := newGuest(t, false)
	leaves := func(v *domain.VCPU, _ *hypercall.Args) int64 {
		v.Leave = true // the list goes on in another step
		return 0
	}
	returns := func(v *domain.VCPU, _ *hypercall.Args) int64 {
		v.PV.Returned = true
		return domain.Continue
	}
	list := g.write(4096, []entry{{Op: yielding}, {Op: hypercall.HYPERVISOR_iret}, {Op: yielding}})
	g.v.Container.Regs.GPR[exit.RAX] = uint64(multicallCall)
	pv.Args(g.v).Set(&hypercall.ArgList{list, 3})
	calls := PV
	calls[yielding], calls[hypercall.HYPERVISOR_iret] = leaves, returns
	kind := pv.Kind(&calls)
	t.Cleanup(func() { pv.Kind(&PV) })
	_, over := kind.Proceed(g.v)
	assert.False(t, over)
	g.v.Leave = false
	rax, over := kind.Proceed(g.v)
	assert.True(t, over)
	assert.Equal(t, uint64(1)<<63, rax)
	assert.False(t, g.v.PV.Returned, "the next call is none that iret has ended")
	assert.Zero(t, g.v.Progress)
}
