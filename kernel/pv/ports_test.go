package pv

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lock"
)

func newGifts(t *testing.T) *lock.Holder {
	gifts.lock.Init(lock.Devices)
	gifts.n = 0
	t.Cleanup(func() { gifts.n = 0 })
	return &lock.Holder{Serve: func(*lock.Holder) {}}
}

func TestGivePortsRefused(t *testing.T) {
	h := newGifts(t)
	require.Zero(t, GivePorts(h, 1, 0x300, 0x30f))
	for what, c := range map[string]struct {
		to          domain.ID
		first, last uint16
		want        hypercall.Errno
	}{
		"none":                    {1, 2, 1, hypercall.EINVAL},
		"an interrupt controller": {1, 0x20, 0x21, hypercall.EBUSY},
		"its edge":                {1, 0x1f, 0x20, hypercall.EBUSY},
		"PCI configuration":       {1, 0xcf8, 0xcff, hypercall.EBUSY},
		"one of it":               {1, 0xcf0, 0xcf8, hypercall.EBUSY},
		"the console":             {1, 0x3f8, 0x3ff, hypercall.EBUSY},
		"all":                     {1, 0, 0xffff, hypercall.EBUSY},
		"another's":               {2, 0x30f, 0x310, hypercall.EBUSY},
		"around another's":        {2, 0x2ff, 0x310, hypercall.EBUSY},
		"its own":                 {1, 0x300, 0x300, hypercall.EEXIST},
		"its own and more":        {1, 0x2ff, 0x310, hypercall.EEXIST},
	} {
		before := gifts.list
		assert.Equal(t, c.want, GivePorts(h, c.to, c.first, c.last), what)
		assert.Equal(t, 1, gifts.n, what)
		assert.Equal(t, before, gifts.list, what)
	}
	for i := range uint16(maxGifts - 1) {
		require.Zero(t, GivePorts(h, 3, 0x4000+2*i, 0x4000+2*i))
	}
	assert.Equal(t, hypercall.ENOSPC, GivePorts(h, 3, 0x8000, 0x8000))
}

// Whatever is given and taken back, each domain has what it was given, and no port has two domains.
func TestPortsModel(t *testing.T) {
	h := newGifts(t)
	r := rand.New(rand.NewPCG(1, 2))
	const from, to = 0xcc0, 0xd20 // with those of PCI configuration in the middle
	owner := map[uint16]domain.ID{}
	had := map[gift]bool{}
	for range 20_000 {
		g := gift{domain.ID(1 + r.IntN(3)), portRange{from + uint16(r.IntN(to-from)), from + uint16(r.IntN(to-from))}}
		if r.IntN(2) == 0 {
			g.last = g.first + uint16(r.IntN(4))
		}
		switch r.IntN(8) {
		case 0:
			DropPorts(h, g.to)
			for p, o := range owner {
				if o == g.to {
					delete(owner, p)
				}
			}
			for o := range had {
				if o.to == g.to {
					delete(had, o)
				}
			}
		case 1, 2, 3:
			for o := range had {
				g = o // one that is there
				break
			}
			e := TakePorts(h, g.to, g.first, g.last)
			require.Equal(t, had[g], e == 0)
			if e == 0 {
				delete(had, g)
				for p := g.first; p <= g.last; p++ {
					delete(owner, p)
				}
			}
		default:
			free := g.first <= g.last && !(g.first < 0xd00 && g.last >= 0xcf8) && len(had) < maxGifts
			for p := g.first; p <= g.last; p++ {
				free = free && owner[p] == 0
			}
			require.Equal(t, free, GivePorts(h, g.to, g.first, g.last) == 0, "%+v", g)
			if free {
				had[g] = true
				for p := g.first; p <= g.last; p++ {
					owner[p] = g.to
				}
			}
		}
		at, size := from+uint16(r.IntN(to-from)), 1<<r.IntN(3)
		for id := domain.ID(1); id <= 3; id++ {
			want := false
			for o := range had {
				want = want || o.to == id && o.within(at, uint32(at)+uint32(size)-1)
			}
			require.Equal(t, want, wasGiven(h, id, at, uint32(at)+uint32(size)-1))
		}
	}
	assert.False(t, wasGiven(h, 1, 0xffff, 0x10002), "beyond the last port")
}
