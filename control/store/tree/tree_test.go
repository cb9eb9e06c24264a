package tree

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/xenbus"
)

// depth is how high a tree of children is, whose balance and sums are checked on the way.
func depth(t *testing.T, k *kids) int {
	if k == nil {
		return 0
	}
	if k.left.size()+1+k.right.size() != k.size() || k.left.listing()+len(k.name)+1+k.right.listing() != k.listing() {
		t.Fatalf("the sums at %q are wrong", k.name)
	}
	if k.left.weight() > heavy*k.right.weight() || k.right.weight() > heavy*k.left.weight() {
		t.Fatalf("%q has %d on its left and %d on its right", k.name, k.left.size(), k.right.size())
	}
	return 1 + max(depth(t, k.left), depth(t, k.right))
}

// Children that come and go in any order are those that a map has, sorted, and earlier trees stay as they were.
func TestKids(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		var k *kids
		model := map[string]*Node{}
		for step := range 300 {
			name := fmt.Sprint(r.IntN(100))
			if seed%3 == 0 {
				name = fmt.Sprintf("%04d", step) // in order
			}
			before, models := k, maps.Clone(model)
			if model[name] != nil && r.IntN(2) == 0 {
				k = k.drop(name)
				delete(model, name)
			} else {
				n := &Node{}
				if model[name] != nil {
					k = k.set(name, n)
				} else {
					k = k.put(name, n)
				}
				model[name] = n
			}
			same(t, before, models)
			same(t, k, model)
			if d := depth(t, k); d > 17 {
				t.Fatalf("%d children in a tree %d high", k.count, d)
			}
		}
	}
}

func same(t *testing.T, k *kids, model map[string]*Node) {
	t.Helper()
	var names []string
	k.each(func(name string, n *Node) bool {
		if model[name] != n || k.get(name) != n {
			t.Fatalf("child %q is not the one that was put", name)
		}
		names = append(names, name)
		return true
	})
	if len(names) != len(model) || !slices.IsSorted(names) || k.get("none") != nil {
		t.Fatalf("children %q, and there should be %d", names, len(model))
	}
}

// Any part of the list of names is that part of the whole list.
func TestNames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := Root(nil)
	for range 200 {
		n = n.With("/"+strings.Repeat("x", 1+r.IntN(9))+fmt.Sprint(r.IntN(1000)), &Node{}, 1)
	}
	var names []string
	for name := range n.Children() {
		names = append(names, name)
	}
	all := strings.Join(names, "\x00") + "\x00"
	require.Equal(t, len(all), n.Listing())
	for range 500 {
		from, to := r.IntN(len(all)+20), r.IntN(len(all)+20)
		want := ""
		if from < min(to, len(all)) {
			want = all[from:min(to, len(all))]
		}
		require.Equal(t, "head"+want, string(n.Names([]byte("head"), from, to)))
	}
	for range n.Children() {
		break // a loop may end early
	}
}

func TestPaths(t *testing.T) {
	for path, want := range map[string][]string{"/": nil, "/a": {"a"}, "/a/bc/d": {"a", "bc", "d"}} {
		require.Equal(t, want, slices.Collect(Walk(path)))
	}
	require.Equal(t, "/", Above("/a"))
	require.Equal(t, "/a", Above("/a/b"))
	require.Equal(t, "/", Above("/"))
	require.Equal(t, "/a", Join("/", "a"))
	require.Equal(t, "/a/b", Join("/a", "b"))
}

// A write shares all but the way to it with the tree that was before.
func TestSharing(t *testing.T) {
	old := Root(nil)
	for _, path := range []string{"/x", "/a", "/a/y", "/a/b", "/a/b/c", "/a/b/d"} {
		old = old.With(path, &Node{Value: path, Gen: 1, List: 1}, 1)
	}
	c := *old.Find("/a/b/c")
	c.Value = "new"
	now := old.With("/a/b/c", &c, 2)
	for _, path := range []string{"/x", "/a/y", "/a/b/d"} {
		require.Same(t, old.Find(path), now.Find(path))
	}
	for _, path := range []string{"/", "/a", "/a/b", "/a/b/c"} {
		require.NotSame(t, old.Find(path), now.Find(path))
		require.EqualValues(t, 1, now.Find(path).List, "no child came or went in %s", path)
	}
	require.Equal(t, "/a/b/c", old.Find("/a/b/c").Value)
	require.Equal(t, "new", now.Find("/a/b/c").Value)

	less := now.Without("/a/b", 3)
	require.Nil(t, less.Find("/a/b/c"))
	require.NotNil(t, now.Find("/a/b/c"))
	require.EqualValues(t, 3, less.Find("/a").List)
	require.EqualValues(t, 1, less.Find("/").List)
	require.Equal(t, 2, less.Count())
	n, at := less.Nearest("/a/b/c")
	require.Equal(t, "/a", at)
	require.Same(t, less.Find("/a"), n)
	_, at = less.Nearest("/q/b/c")
	require.Equal(t, "/", at)
	_, at = less.Nearest("/a/y")
	require.Equal(t, "/a/y", at)
}

// A write below one of a thousand directories copies little more than below one of ten.
func TestWriteDoesNotGrow(t *testing.T) {
	cost := func(domains int) float64 {
		root := Root(nil)
		for d := range domains {
			root = root.With(fmt.Sprintf("/%d", d), &Node{}, 1)
			root = root.With(fmt.Sprintf("/%d/x", d), &Node{}, 1)
		}
		x := root.Find("/7/x")
		return testing.AllocsPerRun(100, func() { root.With("/7/x", x, 2) })
	}
	require.LessOrEqual(t, cost(1000), cost(10)+8)
}

func TestPerms(t *testing.T) {
	p := Perms{{Domain: 5, Read: true}, {Domain: 6, Write: true}, {Domain: 6, Read: true}, {Domain: 7}}
	for _, want := range []xenbus.Perm{{Domain: 5, Read: true, Write: true}, {Domain: 6, Write: true}, {Domain: 7}, {Domain: 8, Read: true}} {
		read, write := p.Of(want.Domain)
		require.Equal(t, want, xenbus.Perm{Domain: want.Domain, Read: read, Write: write})
	}
	require.Equal(t, Perms{{Domain: 9, Read: true}, {Domain: 6, Write: true}, {Domain: 6, Read: true}, {Domain: 7}}, p.OwnedBy(9))
	require.Equal(t, Perms{{Domain: 5, Read: true}, {Domain: 7}}, p.Without(6))
	require.Equal(t, Perms{{Read: true}, {Domain: 6, Write: true}, {Domain: 6, Read: true}, {Domain: 7}}, p.Without(5))
	require.True(t, p.Name(7))
	require.False(t, p.Name(8))
	require.Len(t, p, 4, "it has not changed")
}
