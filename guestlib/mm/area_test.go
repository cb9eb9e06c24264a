package mm

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/hypercalls"
)

// empty is an address space in which nothing is mapped.
func empty(t *testing.T) {
	t.Helper()
	root = hypercalls.Address(&emptyTable)
	areas.n, soon.n = 0, 0
}

var emptyTable [512]uint64

const base = chosenBase

func at(page uint64) uint64 { return base + page*PageSize }

func list() []area { return areas.list[:areas.n] }

func TestMapChoosesTheLowestRoom(t *testing.T) {
	empty(t)
	for _, want := range []uint64{0, 2, 4} {
		va, ok := Map(0, 2*PageSize, Prot(want/2)+None, false)
		require.True(t, ok)
		require.Equal(t, at(want), va)
	}
	require.True(t, Unmap(at(2), 2*PageSize))
	va, ok := Map(0, 3*PageSize, None, false)
	require.True(t, ok)
	require.Equal(t, at(6), va, "three pages don't fit into a hole of two")
	va, ok = Map(0, 1, None, false)
	require.True(t, ok)
	require.Equal(t, at(2), va)
}

// What is too large for the room below the heap goes where the heap will not grow to.
func TestMapKeepsOutOfTheHeapsWay(t *testing.T) {
	empty(t)
	for _, want := range []uint64{largeBase, largeBase + heapBase - chosenBase + PageSize} {
		va, ok := Map(0, heapBase-chosenBase+PageSize, None, false)
		require.True(t, ok)
		require.Equal(t, want, va)
		_, ok = Map(va+heapBase-chosenBase, PageSize, Read, true)
		require.True(t, ok)
	}
	va, ok := Map(0, limit-largeBase, None, false)
	require.True(t, ok)
	require.Equal(t, uint64(heapBase), va, "there is no other room for so much")
	_, ok = Map(0, limit-heapBase, None, false)
	require.False(t, ok)
}

func TestMapFollowsWishes(t *testing.T) {
	empty(t)
	va, ok := Map(heapBase, PageSize, ReadWrite, false)
	require.True(t, ok)
	require.Equal(t, uint64(heapBase), va)
	va, ok = Map(heapBase, PageSize, Read, false)
	require.True(t, ok)
	require.Equal(t, at(0), va, "taken")
	va, ok = Map(0x1000, PageSize, None, false)
	require.True(t, ok)
	require.Equal(t, at(1), va, "not for programs")
}

func TestMapRefuses(t *testing.T) {
	empty(t)
	for name, ask := range map[string]struct {
		va, size uint64
		fixed    bool
	}{
		"nothing":               {0, 0, false},
		"half a page":           {base + 1, PageSize, true},
		"the library's stacks":  {stacksBase, PageSize, true},
		"the image":             {Base, PageSize, true},
		"more than there is":    {0, 1 << 47, false},
		"a size that wraps":     {0, ^uint64(0), false},
		"beyond the lower half": {limit - PageSize, 2 * PageSize, true},
	} {
		_, ok := Map(ask.va, ask.size, ReadWrite, ask.fixed)
		require.False(t, ok, name)
	}
	require.Empty(t, list())
}

func TestFixedMapReplacesAPart(t *testing.T) {
	empty(t)
	_, ok := Map(at(0), 10*PageSize, None, true)
	require.True(t, ok)
	_, ok = Map(at(3), 2*PageSize, ReadWrite, true)
	require.True(t, ok)
	require.Equal(t, []area{{at(0), at(3), None}, {at(3), at(5), ReadWrite}, {at(5), at(10), None}}, list())
	_, ok = Map(at(3), 2*PageSize, None, true)
	require.True(t, ok)
	require.Equal(t, []area{{at(0), at(10), None}}, list(), "neighbours of one kind are one area")
}

// Whatever happens, areas are sorted, apart, and say of each page what was last said of it.
func TestAreasAgreeWithPages(t *testing.T) {
	empty(t)
	const pages = 40
	var model [pages]int // 0: no area, else 1 + protection
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		first := random.IntN(pages)
		n := 1 + random.IntN(pages-first)
		value := random.IntN(4)
		if value != 0 && random.IntN(2) == 0 {
			whole := true
			for _, v := range model[first : first+n] {
				whole = whole && v != 0
			}
			prot := Prot(value - 1)
			require.Equal(t, whole, Protect(at(uint64(first)), uint64(n)*PageSize, prot))
			if !whole {
				continue
			}
			if prot == None {
				value = 1 + int(hidden)
			}
		} else if value == 0 {
			require.True(t, Unmap(at(uint64(first)), uint64(n)*PageSize))
		} else {
			_, ok := Map(at(uint64(first)), uint64(n)*PageSize, Prot(value-1), true)
			require.True(t, ok)
		}
		for i := first; i < first+n; i++ {
			model[i] = value
		}
		for i, want := range model {
			got := 0
			if a := areaOf(at(uint64(i))); a != nil {
				got = 1 + int(a.prot)
			}
			require.Equal(t, want, got, "page %d", i)
		}
		for i, a := range list() {
			require.Less(t, a.start, a.end)
			if i > 0 {
				before := list()[i-1]
				require.LessOrEqual(t, before.end, a.start)
				require.False(t, before.end == a.start && before.prot == a.prot, "two areas that are one")
			}
		}
	}
}

// The list is finite. Who fills it is refused, and nothing is lost.
func TestTooManyAreas(t *testing.T) {
	empty(t)
	n := uint64(0)
	for ; ; n++ {
		if _, ok := Map(at(2*n), PageSize, ReadWrite, true); !ok {
			break
		}
	}
	require.Equal(t, len(areas.list)-1, areas.n)
	require.NotNil(t, areaOf(at(0)))
	require.Nil(t, areaOf(at(2*n)))
}
