package reach

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// offences are statements that look innocent and reach the allocator or the scheduler.
// Each stands in a function of its own, called by planted.Do.
var offences = []struct{ name, decl, body, path, what string }{
	{"Append", "var list []int", "list = append(list, n)",
		"runtime.growslice", "appending allocates"},
	{"Map", "var table map[int]int", "table[n] = n",
		"runtime.mapassign_fast64", "maps allocate"},
	{"MapRead", "var names map[string]int", "sum = names[text]",
		"runtime.mapaccess1_faststr", "maps allocate"},
	{"Make", "", "sum = len(sink(make([]int, n)))",
		"runtime.makeslice", "make of a variable size allocates"},
	{"New", "type pair struct{ a, b int }; var pointer *pair", "pointer = &pair{n, n}",
		"runtime.newobject", "escapes to the heap (planted.pair)"},
	{"Hook", "var hook func([]byte)", "var line [40]byte; if hook != nil { hook(line[:n]) }",
		"runtime.newobject", "escapes to the heap ([40]uint8)"},
	{"Closure", "var later func() int", "later = func() int { return n }",
		"runtime.newobject", "escapes to the heap"},
	{"Method", "var bound func() int; type num int; func (v num) get() int { return int(v) }", "bound = num(n).get",
		"runtime.newobject", "escapes to the heap"},
	{"Box", "var box any", "box = n",
		"runtime.convT64", "converting a value"},
	{"Concat", "", "text = text + name",
		"runtime.concatstring2", "concatenating strings allocates"},
	{"ToString", "", "text = string(data[:n])",
		"runtime.slicebytetostring", "between a string and bytes"},
	{"ToBytes", "", "data = []byte(text)",
		"runtime.stringtoslicebyte", "between a string and bytes"},
	{"Defer", "", "for range n { defer leave() }",
		"runtime.deferproc", "defer needs"},
	{"SimpleDefer", "", "defer leave(); leaf(n)",
		"runtime.deferreturn", "defer needs"},
	{"Go", "", "go leave()",
		"runtime.newproc", "go statement needs"},
	{"Send", "var ch chan int", "ch <- n",
		"runtime.chansend1", "channels need"},
	{"Print", "", "println(n)",
		"runtime.printlock", "print writes"},
	{"Assert", "var thing any; type getter interface{ get() int }", "sum = thing.(getter).get()",
		"runtime.typeAssert", "asserting to an interface"},
	{"Compare", "var left, right any", "if left == right { sum++ }",
		"runtime.efaceeq", "comparing two interface values"},
	{"CopyPointers", "var from, to []*int", "copy(to, from[n:])",
		"runtime.typedslicecopy", "copying a slice whose elements hold pointers"},
}

// TestOffencesAreNamed plants all offences in one image and looks for each with its path.
func TestOffencesAreNamed(t *testing.T) {
	var text, calls strings.Builder
	lines := map[string]int{}
	text.WriteString(`package planted
var sum int
var text, name string
var data []byte
//go:noinline
func leave() { sum++ }
//go:noinline
func leaf(n int) { sum += n }
//go:noinline
func sink(s []int) []int { return s }
`)
	for _, o := range offences {
		if o.decl != "" {
			text.WriteString(o.decl + "\n")
		}
		text.WriteString("//go:noinline\nfunc " + o.name + "(n int) {\n")
		lines[o.name] = strings.Count(text.String(), "\n") + 1
		text.WriteString(o.body + " }\n")
		calls.WriteString(o.name + "(n)\n")
	}
	text.WriteString("func Do(n int) {\n" + calls.String() + "}\n")
	im := plant(t, map[string]string{"kernel/main.go": callPlanted, "kernel/planted/planted.go": text.String()})
	res := walk(t, im)

	for _, o := range offences {
		t.Run(o.name, func(t *testing.T) {
			want := "main.entry → main.start → tuco/kernel/planted.Do → tuco/kernel/planted." + o.name + " → " + o.path
			var found *Finding
			for i, f := range res.Findings {
				if strings.Join(f.Path, " → ") == want {
					found = &res.Findings[i]
				}
			}
			require.NotNil(t, found, "no finding has the path %s in\n%s", want, spelled(res))
			assert.Contains(t, found.What, o.what)
			assert.NotEmpty(t, found.Hint)
			assert.Equal(t, "kernel/planted/planted.go:"+itoa(lines[o.name]), found.Where)
		})
	}
}

// TestIndirectReach plants offences behind a table of functions, an itab, a static
// structure, a slice of function values and a function value passed on.
func TestIndirectReach(t *testing.T) {
	im := plant(t, map[string]string{"kernel/main.go": callPlanted, "kernel/planted/planted.go": `package planted
var sum int
var list []int
var table = [...]func(int){good, viaTable}
var slice = []call{{"good", good}, {"bad", viaSlice}}
var tree = node{next: &node{next: &node{next: nil, f: viaTree}}}
type call struct { name string; f func(int) }
type node struct { next *node; f func(int) }
type doer interface { do(n int) }
type thing struct { n int }
var things = []doer{&thing{3}}
//go:noinline
func good(n int) { sum += n }
//go:noinline
func viaTable(n int) { list = append(list, n) }
//go:noinline
func viaSlice(n int) { list = append(list, n) }
//go:noinline
func viaTree(n int) { list = append(list, n) }
//go:noinline
func viaValue(n int) { list = append(list, n) }
//go:noinline
func (t *thing) do(n int) { list = append(list, n) }
//go:noinline
func apply(f func(int), n int) { f(n) }
//go:noinline
func jump(n int) {
	switch n {
	case 0: good(1)
	case 1: good(2)
	case 2: good(3)
	case 3: good(4)
	case 4: good(5)
	case 5: good(6)
	case 6: good(7)
	case 7: good(8)
	case 8: viaJump(9)
	}
}
//go:noinline
func viaJump(n int) { list = append(list, n) }
//go:noinline
func never(n int) { list = append(list, n) }
var unused = []func(int){never}
func Unused(n int) { unused[n](n) }
func Do(n int) {
	table[n&1](n)
	slice[n].f(n)
	tree.next.next.f(n)
	things[n].do(n)
	apply(viaValue, n)
	jump(n)
}
`})
	res := walk(t, im)
	for _, path := range []string{
		"planted.Do → data tuco/kernel/planted.table → func value → tuco/kernel/planted.viaTable → runtime.growslice: appending",
		"planted.Do → data tuco/kernel/planted.slice → nameless data at ",
		" → func value → tuco/kernel/planted.viaSlice → runtime.growslice: appending",
		"planted.Do → data tuco/kernel/planted.tree → nameless data at ",
		" → func value → tuco/kernel/planted.viaTree → runtime.growslice: appending",
		" → data go:itab.*tuco/kernel/planted.thing,tuco/kernel/planted.doer → tuco/kernel/planted.(*thing).do → runtime.growslice: appending",
		"planted.Do → func value → tuco/kernel/planted.viaValue → runtime.growslice: appending",
		"planted.Do → tuco/kernel/planted.jump → tuco/kernel/planted.viaJump → runtime.growslice: appending",
	} {
		assert.Contains(t, spelled(res), path)
	}
	assert.Len(t, res.Findings, 6, spelled(res))
	assert.Nil(t, res.Why("tuco/kernel/planted.never"))
}

// TestInlinedOffence has the line of the offence, though its function is inlined.
func TestInlinedOffence(t *testing.T) {
	im := plant(t, map[string]string{"kernel/main.go": callPlanted, "kernel/planted/planted.go": `package planted
import "tuco/kernel/helper"
func Do(n int) { helper.Push(n) }
`, "kernel/helper/helper.go": `package helper
var list []int
func Push(n int) {
	list = append(list, n)
}
`})
	res := walk(t, im)
	assert.Contains(t, spelled(res), "kernel/helper/helper.go:4: main.entry → main.start → runtime.growslice: appending allocates (int)\n\tuse a fixed array")
	assert.Len(t, res.Findings, 1)
}

// TestPackageInit plants everything that needs run-time initialisation.
func TestPackageInit(t *testing.T) {
	im := plant(t, map[string]string{
		"kernel/main.go": callPlanted + "\nvar words = len(planted.Table[0])\n",
		"kernel/planted/planted.go": `package planted
import _ "tuco/kernel/second"
var Table = [2]string{"a", "b"}
var computed = twice(21)
//go:noinline
func twice(n int) int { return 2 * n }
func Do(n int) { n += computed }
`, "kernel/second/second.go": `package second
var sum int
func init() { sum++ }
`})
	res := walk(t, im)
	text := spelled(res)
	assert.Contains(t, text, "kernel/planted/planted.go:4: package tuco/kernel/planted needs initialisation")
	assert.Contains(t, text, "kernel/second/second.go:3: package tuco/kernel/second needs initialisation")
	assert.Contains(t, text, "package main needs initialisation")
	assert.Len(t, res.Findings, 3, text)
}
