package mm

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// host plays the hypervisor: it has the frames that the domain has not.
type host struct {
	t     *testing.T
	owned map[hypercall.XenPFN]bool // frames of the domain
	stock []hypercall.XenPFN
	most  uint64 // how many it moves in one call
}

func (h *host) reservation(cmd, n uint64) uint64 {
	n = min(n, h.most)
	for i := range balloon.list[:n] {
		f := &balloon.list[i]
		switch cmd {
		case hypercall.XENMEM_decrease_reservation:
			require.True(h.t, h.owned[*f], "frame %d is not the domain's", *f)
			delete(h.owned, *f)
			h.stock = append(h.stock, *f)
		case hypercall.XENMEM_populate_physmap:
			if len(h.stock) == 0 {
				return uint64(i)
			}
			*f = h.stock[0]
			h.stock = h.stock[1:]
			h.owned[*f] = true
		}
	}
	return n
}

func TestBalloon(t *testing.T) {
	oldPages, oldP2M, oldBalloon, oldReservation := pages, p2m, balloon, reservation
	defer func() { pages, p2m, balloon, reservation = oldPages, oldP2M, oldBalloon, oldReservation }()
	const count, first = 5000, 300
	pages = *newFrames(count, first)
	list := make([]uint64, count)
	h := &host{t: t, owned: map[hypercall.XenPFN]bool{}, most: moved}
	for i := range list {
		list[i] = uint64(7000 + 3*i)
		h.owned[hypercall.XenPFN(list[i])] = true
	}
	p2m, balloon.without, reservation = hypercalls.Address(&list[0]), 0, h.reservation

	require.Equal(t, uint64(0), TakeBack(10), "no page is without a frame")
	require.Equal(t, uint64(moved), GiveBack(1000), "one hypercall's worth")
	require.Equal(t, uint64(count-moved), Current())
	h.most = 100
	require.Equal(t, uint64(100), GiveBack(200), "the hypervisor stops when it likes")
	h.most = moved
	for GiveBack(moved) > 0 {
	}
	require.Equal(t, uint64(least+first/4), pages.free, "some stay")
	require.Equal(t, uint64(first+least+first/4), Current())

	var taken []pfn
	for range 10000 {
		switch rand.IntN(4) {
		case 0:
			GiveBack(rand.Uint64N(400))
		case 1:
			TakeBack(rand.Uint64N(400))
		case 2:
			if p, ok := pages.take(); ok {
				require.NotEqual(t, noFrame, list[p], "page %d was handed out, and has no frame", p)
				taken = append(taken, p)
			}
		case 3:
			if n := len(taken); n > 0 {
				pages.give(taken[n-1])
				taken = taken[:n-1]
			}
		}
		if uint64(len(h.owned)) != Current() {
			t.Fatalf("the domain has %d frames, and thinks %d", len(h.owned), Current())
		}
	}
	for TakeBack(moved) > 0 {
	}
	require.Equal(t, uint64(count), Current())
	seen := map[uint64]bool{}
	for p, f := range list {
		require.True(t, h.owned[hypercall.XenPFN(f)], "page %d has a frame that is not the domain's", p)
		require.False(t, seen[f], "frame %d twice", f)
		seen[f] = true
	}
	require.Equal(t, uint64(count-first-len(taken)), pages.free)
}
