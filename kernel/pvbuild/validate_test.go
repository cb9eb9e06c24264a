package pvbuild

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

const owner = pagetype.Owner(3)

// machine is one whose frames have types.
type machine struct {
	frames pagetype.Frames
	pmm    pmm.Allocator
	holder lock.Holder
	domain mm.Domain
	Memory
}

// newMachine makes a machine with a domain of so many frames, the highest first.
func newMachine(t *testing.T, pages uint64) *machine {
	x := new(machine)
	ram := pages + pages/32 + 16 // with the frames' records
	content := newFake(t, ram).content
	m := new(pmm.Map)
	require.Equal(t, pmm.OK, m.AddRAM(frame.PageSize, frame.MAddr(ram*frame.PageSize)))
	plan, r := m.Plan(frame.Between(0, frame.MFN(ram)))
	require.Equal(t, pmm.OK, r)
	room := make([]uint64, plan.Frames*frame.PageSize/8)
	x.pmm.Init(&x.holder, m, plan, unsafe.Pointer(&room[0]), func(*lock.Holder, frame.MFN, uint64) {}) // no frame is used twice
	x.frames.Init(&x.pmm, unsafe.Pointer(&content[0]))
	x.Page = func(m frame.MFN) []byte { return content[m*frame.PageSize:][:frame.PageSize] }
	x.Frames = make([]frame.MFN, pages)
	for k := range x.Frames {
		m, r := x.pmm.Alloc(&x.holder, 0, pmm.Anywhere)
		require.Equal(t, pmm.OK, r)
		x.frames.Assign(m, owner)
		x.Frames[len(x.Frames)-1-k] = m
	}
	c := mm.Config{Owner: owner, VCPUs: 1, SafeAbove: 1 << 45}
	for k := range c.Slots {
		c.Slots[k] = pagetype.MakePTE(frame.MFN(k+1)<<20, pagetype.Present)
	}
	x.domain.Init(&x.frames, &c)
	return x
}

// pin makes the root one, as the kernel does, in calls of little budget.
func (x *machine) pin(t *testing.T, root frame.MFN) pagetype.Result {
	for range 100_000 {
		var c mm.Call
		c.Begin(&x.holder, &x.domain, owner, 1000)
		if r := x.domain.Pin(&c, root, pagetype.L4); r != pagetype.Again {
			return r
		}
	}
	require.Fail(t, "no end")
	return 0
}

// TestValidates: what is built is what the frames' types demand.
func TestValidates(t *testing.T) {
	for _, d := range domains {
		t.Run(d.name, func(t *testing.T) {
			x, i, l := newMachine(t, d.c.Pages), d.k.image(t), new(Layout)
			require.Empty(t, layText(l, i, &d.c))
			Build(l, i, &d.c, &x.Memory)
			root := x.Frames[l.Root()]
			require.Equal(t, pagetype.OK, x.pin(t, root))
			var c mm.Call
			c.Begin(&x.holder, &x.domain, owner, 1000)
			require.Equal(t, pagetype.OK, x.domain.SetKernelRoot(&c, 0, root))
			assert.NotZero(t, x.frames.Table(root)[pagetype.FirstSlot].Load())
			for p := range frame.PFN(d.c.Pages) {
				want := pagetype.None
				for k := range l.trees {
					for level := 1; level <= levels; level++ {
						if at := l.trees[k].at[level]; p >= at && p < at+frame.PFN(l.trees[k].n[level]) {
							want = pagetype.Type(level)
						}
					}
				}
				if got := c.OwnTable(x.Frames[p]); got != want {
					require.Fail(t, "wrong type", "PFN %#x: %v, not %v", p, got, want)
				}
			}
		})
	}
}

// TestWritableTableIsRefused: the test above can fail.
func TestWritableTableIsRefused(t *testing.T) {
	d := domains[0]
	x, i, l := newMachine(t, d.c.Pages), d.k.image(t), new(Layout)
	require.Empty(t, layText(l, i, &d.c))
	Build(l, i, &d.c, &x.Memory)
	l.point(&x.Memory, 1, number(l.Base, 0), Span{l.Tables.First + 1, 1}, pageFlags)
	assert.Equal(t, pagetype.NoMapping, x.pin(t, x.Frames[l.Root()]))
}
