package grant_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/grant"
	"tuco/guestlib/grant/granttest"
	"tuco/hypercall"
)

const peer, other hypercall.DomID = 7, 8

func TestGrant(t *testing.T) {
	d := granttest.New()
	pages, err := d.Alloc(2)
	require.NoError(t, err)
	copy(pages.Page(1), "the second")

	ref, err := d.Table.Grant(peer, pages.Frame(1), false)
	require.NoError(t, err)
	require.GreaterOrEqual(t, int(ref), hypercall.GNTTAB_NR_RESERVED_ENTRIES, "the builder's entries are not ours")

	_, _, err = d.Map(other, ref, false)
	require.ErrorIs(t, err, granttest.ErrNotGranted)
	_, _, err = d.Map(peer, ref, true)
	require.ErrorIs(t, err, granttest.ErrReadOnly)
	_, _, err = d.Map(peer, ref+1, false)
	require.ErrorIs(t, err, granttest.ErrNotGranted)

	bytes, unmap, err := d.Map(peer, ref, false)
	require.NoError(t, err)
	require.Equal(t, "the second", string(bytes[:10]))
	require.True(t, d.Table.InUse(ref))
	require.ErrorIs(t, d.Table.End(ref), grant.ErrInUse)
	unmap()
	require.False(t, d.Table.InUse(ref))
	require.NoError(t, d.Table.End(ref))
	require.ErrorIs(t, d.Table.End(ref), grant.ErrRef)
	_, _, err = d.Map(peer, ref, false)
	require.ErrorIs(t, err, granttest.ErrNotGranted)
}

func TestWritable(t *testing.T) {
	d := granttest.New()
	pages, err := d.Alloc(1)
	require.NoError(t, err)
	ref, err := d.Table.Grant(peer, pages.Frame(0), true)
	require.NoError(t, err)
	bytes, unmap, err := d.Map(peer, ref, true)
	require.NoError(t, err)
	bytes[4095] = 9
	unmap()
	require.Equal(t, byte(9), pages.Bytes()[4095])
}

func TestFrameTooLarge(t *testing.T) {
	_, err := granttest.New().Table.Grant(peer, 1<<32, true)
	require.ErrorIs(t, err, grant.ErrFrame)
}

// The table grows as far as it may; all references are different, and all come back.
func TestFull(t *testing.T) {
	d := granttest.New()
	seen := map[grant.Ref]bool{}
	fill := func() (refs []grant.Ref) {
		for {
			ref, err := d.Table.Grant(peer, 5, true)
			if err != nil {
				require.ErrorIs(t, err, grant.ErrFull)
				return refs
			}
			require.False(t, seen[ref], "reference %d twice", ref)
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	refs := fill()
	require.Len(t, refs, 4*512-hypercall.GNTTAB_NR_RESERVED_ENTRIES)
	for _, ref := range refs {
		require.NoError(t, d.Table.End(ref))
	}
	clear(seen)
	require.Len(t, fill(), len(refs))
}

func TestEndLater(t *testing.T) {
	d := granttest.New()
	ended := 0
	end := func(ref grant.Ref) { d.Table.EndLater(ref, func() { ended++ }) }

	ref, err := d.Table.Grant(peer, 5, true)
	require.NoError(t, err)
	end(ref)
	require.Equal(t, 1, ended, "nobody has it: at once")

	pages, err := d.Alloc(1)
	require.NoError(t, err)
	var unmaps []func()
	for range 5 {
		ref, err := d.Table.Grant(peer, pages.Frame(0), true)
		require.NoError(t, err)
		_, unmap, err := d.Map(peer, ref, true)
		require.NoError(t, err)
		unmaps = append(unmaps, unmap)
		end(ref)
	}
	require.Equal(t, 1, ended)
	for _, unmap := range unmaps {
		unmap()
	}
	for range 3 { // each looks at two
		_, err = d.Table.Grant(peer, 5, true)
		require.NoError(t, err)
	}
	require.Equal(t, 6, ended)
	end(9999)
	require.Equal(t, 6, ended, "no such grant")
}

// While the peer maps and unmaps at all moments, a grant that has ended is never in use, and its reference not out twice.
func TestPeerMapsMeanwhile(t *testing.T) {
	d := granttest.New()
	pages, err := d.Alloc(1)
	require.NoError(t, err)
	const rounds = 2000
	var current atomic.Uint32
	var done atomic.Bool
	var all sync.WaitGroup
	mapped := 0
	all.Go(func() {
		for !done.Load() {
			_, unmap, err := d.Map(peer, grant.Ref(current.Load()), true)
			if err == nil {
				mapped++
				unmap()
			}
		}
	})
	refused := 0
	for range rounds {
		ref, err := d.Table.Grant(peer, pages.Frame(0), true)
		require.NoError(t, err)
		current.Store(uint32(ref))
		for d.Table.End(ref) != nil {
			refused++
		}
		require.False(t, d.Table.InUse(ref))
		_, _, err = d.Map(peer, ref, true)
		require.ErrorIs(t, err, granttest.ErrNotGranted, "ended, and mapped all the same")
	}
	done.Store(true)
	all.Wait()
	t.Logf("mapped %d times, refused %d times", mapped, refused)
}

// Many goroutines at once.
func TestConcurrent(t *testing.T) {
	d := granttest.New()
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				ref, err := d.Table.Grant(peer, hypercall.XenPFN(g*1000+i), i%2 == 0)
				if err != nil {
					t.Error(err)
					return
				}
				if i%3 == 0 {
					d.Table.EndLater(ref, func() {})
				} else if err := d.Table.End(ref); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestForget(t *testing.T) {
	d := granttest.New()
	ref, err := d.Table.Grant(peer, 5, true)
	require.NoError(t, err)
	pages, err := d.Alloc(1)
	require.NoError(t, err)
	mapped, err := d.Table.Grant(peer, pages.Frame(0), true)
	require.NoError(t, err)
	_, _, err = d.Map(peer, mapped, true)
	require.NoError(t, err)
	ended := 0
	d.Table.EndLater(mapped, func() { ended++ })
	require.Zero(t, ended)
	require.NoError(t, d.Table.Forget())
	require.Equal(t, 1, ended, "the peer it had is in another world")
	require.ErrorIs(t, d.Table.End(ref), grant.ErrRef)
	_, err = d.Table.Grant(peer, 5, true)
	require.NoError(t, err)
}

func TestPool(t *testing.T) {
	d := granttest.New()
	pages, err := d.Alloc(3)
	require.NoError(t, err)
	p, err := grant.NewPool(d.Table, peer, pages, true)
	require.NoError(t, err)
	require.Equal(t, 3, p.Len())
	refs := map[grant.Ref]bool{}
	for range p.Len() {
		i, ok := p.Get()
		require.True(t, ok)
		refs[p.Ref(i)] = true
		p.Page(i)[0] = byte(10 + i)
		bytes, _, err := d.Map(peer, p.Ref(i), true) // and keeps it
		require.NoError(t, err)
		require.Equal(t, byte(10+i), bytes[0])
	}
	require.Len(t, refs, 3)
	_, ok := p.Get()
	require.False(t, ok)
	p.Put(2)
	require.Equal(t, 1, p.Free())
	i, ok := p.Get()
	require.True(t, ok)
	require.Equal(t, 2, i)

	require.Equal(t, 3, p.Close(), "the peer has all")
	require.Equal(t, 3, d.Pages(), "what the peer has is not freed")
	for ref := range refs {
		_, unmap, err := d.Map(peer, ref, true)
		require.NoError(t, err)
		unmap()
	}
	for range 2 {
		_, err := d.Table.Grant(peer, 5, true)
		require.NoError(t, err)
	}
	require.Zero(t, d.Pages(), "all are free when the last is let go")
	require.Zero(t, p.Close(), "again")
}

// A table that is too small for a pool is as before.
func TestPoolTooLarge(t *testing.T) {
	d := granttest.New()
	pages, err := d.Alloc(4 * 512)
	require.NoError(t, err)
	_, err = grant.NewPool(d.Table, peer, pages, true)
	require.ErrorIs(t, err, grant.ErrFull)
	pages, err = d.Alloc(1000)
	require.NoError(t, err)
	p, err := grant.NewPool(d.Table, peer, pages, true)
	require.NoError(t, err)
	require.Zero(t, p.Close())
}
