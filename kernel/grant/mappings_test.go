package grant

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
)

func newMappings(pages int) *Mappings {
	g := new(Mappings)
	g.Init()
	for range pages {
		g.Add(holder(), new(Page))
	}
	return g
}

func TestHandles(t *testing.T) {
	g, h := newMappings(2), holder()
	taken := map[hypercall.GrantHandle]bool{}
	for range 2 * PerPage {
		n, ok := g.New(h)
		assert.True(t, ok && !taken[n], "handle %d", n)
		taken[n] = true
	}
	_, ok := g.New(h)
	assert.False(t, ok)
	var got Mapping
	ok = g.Take(5, &got) == TakenIt
	assert.False(t, ok, "a handle that stands for nothing yet")
	m := MakeMapping(7, 1<<20, 1<<32-2, uint32(both)|byEntry|1<<31)
	g.Set(5, &m)
	ok = g.Take(5, &got) == TakenIt
	assert.True(t, ok)
	assert.Equal(t, m, got)
	assert.True(t, got.Write() && got.Entry() && got.Dom() == 7 && got.Frame() == 1<<32-2 && got.Parts() == both)
	assert.Equal(t, Busy, g.Take(5, &got))
	g.Leave(h, 5, Host)
	ok = g.Take(5, &got) == TakenIt
	assert.True(t, ok)
	assert.Equal(t, Device, got.Parts())
	g.Leave(h, 5, 0)
	ok = g.Take(5, &got) == TakenIt
	assert.True(t, ok, "nothing was ended")
	g.Leave(h, 5, Device)
	ok = g.Take(5, &got) == TakenIt
	assert.False(t, ok)
	n, ok := g.New(h)
	assert.True(t, ok)
	assert.EqualValues(t, 5, n)
	g.Drop(h, 5)
	assert.Panics(t, func() { g.Drop(h, 5) })
	for _, handle := range []hypercall.GrantHandle{2 * PerPage, 1 << 31, 1<<32 - 1, MaxPages * PerPage} {
		ok = g.Take(handle, &got) == TakenIt
		assert.False(t, ok, "handle %d", handle)
	}
}

func TestMostHandles(t *testing.T) {
	g, h := newMappings(MaxPages), holder()
	assert.False(t, g.Add(h, new(Page)))
	assert.Len(t, g.Pages(), MaxPages)
	for range MaxPages * PerPage {
		_, ok := g.New(h)
		assert.True(t, ok)
	}
	_, ok := g.New(h)
	assert.False(t, ok)
}

// XSA-228: handles that are taken and given back by many CPUs at once are each one CPU's at a
// time, while the list of free ones grows; and of those who end the same mapping one does.
func TestXSA228HandlesOfManyCPUs(t *testing.T) {
	g := newMappings(0)
	const cpus, rounds = 4, 2000
	var inUse [4 * PerPage]atomic.Int32
	var recent [cpus]atomic.Uint32
	var ended, made atomic.Int64
	var done sync.WaitGroup
	for c := range cpus {
		done.Go(func() {
			h := holder()
			end := func(handle hypercall.GrantHandle) {
				var m Mapping
				if g.Take(handle, &m) == TakenIt {
					if m.Ref != hypercall.GrantRef(handle) || inUse[handle].Add(-1) != 0 {
						t.Errorf("handle %d stands for %+v", handle, m)
					}
					ended.Add(1)
					g.Leave(h, handle, Host)
				}
			}
			for n := range rounds {
				handle, ok := g.New(h)
				if !ok {
					if len(g.Pages()) < 4 {
						g.Add(h, new(Page))
					}
					continue
				}
				if inUse[handle].Add(1) != 1 {
					t.Errorf("handle %d is in use twice", handle)
				}
				made.Add(1)
				m := MakeMapping(granter, hypercall.GrantRef(handle), 0, uint32(Host))
				g.Set(handle, &m)
				recent[c].Store(uint32(handle))
				end(hypercall.GrantHandle(recent[(c+n)%cpus].Load()))
			}
		})
	}
	done.Wait()
	h := holder()
	for handle := range hypercall.GrantHandle(len(g.Pages()) * PerPage) {
		var m Mapping
		if g.Take(handle, &m) == TakenIt {
			ended.Add(1)
			g.Leave(h, handle, Host)
		}
	}
	assert.Equal(t, made.Load(), ended.Load())
	free := 0
	for ok := true; ok; free++ {
		_, ok = g.New(h)
	}
	assert.Equal(t, len(g.Pages())*PerPage, free-1)
}
