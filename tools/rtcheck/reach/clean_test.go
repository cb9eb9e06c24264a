package reach

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCleanKernel: what the kernel is allowed to do is not refused, and what the walk
// reaches and leaves out is what it should.
func TestCleanKernel(t *testing.T) {
	im := plant(t, nil)
	saved, err := ParseRegisters("X14-X15")
	require.NoError(t, err)
	res, err := Walk(im, Config{Module: "tuco", Redirects: handlers(t), XMM: &saved})
	require.NoError(t, err)
	assert.Empty(t, res.Findings, spelled(res))
	assert.Equal(t, saved, res.XMM)
	assert.Regexp(t, `^rtcheck: \d+ functions reachable \(\d+ KiB of text\), XMM registers used: X14-X15$`, res.Summary())

	t.Run("reached", func(t *testing.T) {
		for _, name := range []string{
			"main.entry", "tuco/kernel/x.F", "tuco/kernel/x.(*disk).read", "tuco/kernel/x.(*null).read",
			"tuco/kernel/x.half", "tuco/kernel/x.init.func1", "tuco/kernel/crash.bounds", "tuco/kernel/crash.move",
			"runtime.panicBounds", "runtime.panicdivide",
		} {
			assert.NotNil(t, res.Why(name), name)
		}
		for _, name := range []string{"runtime.memmove", "runtime.gopanic", "runtime.mallocgc", "runtime.main", "main.main"} {
			assert.Nil(t, res.Why(name), name)
		}
		assert.Equal(t, []string{"main.entry", "main.start", "runtime.morestack_noctxt (redirected to tuco/kernel/crash.stack)"},
			res.Why("tuco/kernel/crash.stack"))
	})

	t.Run("dead text", func(t *testing.T) {
		isDead := func(addr uint64) bool {
			return slices.ContainsFunc(res.Dead, func(r Range) bool { return r.Start <= addr && addr < r.End })
		}
		for _, f := range res.Reachable {
			assert.False(t, isDead(f.Addr) || isDead(f.End()-1), f.Name)
		}
		move, ok := im.Lookup("runtime.memmove")
		require.True(t, ok)
		assert.False(t, isDead(move.Addr+JumpSize-1), "the jump to the kernel's memmove")
		assert.True(t, isDead(move.Addr+JumpSize), "the rest of memmove")
		lock, ok := im.Lookup("runtime.lock2")
		require.True(t, ok)
		assert.True(t, isDead(lock.Addr) && isDead(lock.End()-1), "runtime.lock2")
	})

	t.Run("patches", func(t *testing.T) {
		i := slices.IndexFunc(res.Patches, func(p Patch) bool { return p.From.Name == "runtime.memmove" })
		require.GreaterOrEqual(t, i, 0)
		assert.Equal(t, "tuco/kernel/crash.move.abi0", res.Patches[i].To.Name)
	})
}

// TestWithoutRedirects: what the kernel has to redirect is refused, each handler once.
func TestWithoutRedirects(t *testing.T) {
	im := plant(t, nil)
	res, err := Walk(im, Config{Module: "tuco"})
	require.NoError(t, err)
	text := spelled(res)
	for _, want := range []string{
		"main.start → runtime.morestack_noctxt: growing the stack",
		"runtime.panicBounds → runtime.panicBounds64: the runtime's panic",
		"tuco/kernel/x.F → runtime.gopanic: the runtime's panic",
		"tuco/kernel/x.F → runtime.memmove: 43 VEX-coded instructions",
		"VEX-coded instructions; the kernel must leave AVX state alone",
	} {
		assert.Contains(t, text, want)
	}
	assert.Less(t, len(res.Findings), 25, text)
}

// TestMissingTarget: a redirect to a function that the linker dropped is an error.
func TestMissingTarget(t *testing.T) {
	im := plant(t, nil)
	_, err := Walk(im, Config{Redirects: []Redirect{{"runtime.memmove", "tuco/kernel/crash.gone"}}})
	assert.ErrorContains(t, err, "the image has no function tuco/kernel/crash.gone")
	_, err = Walk(im, Config{Entries: []string{"main.gone"}})
	assert.ErrorContains(t, err, "no entry function main.gone")
	_, err = Walk(im, Config{Redirects: []Redirect{{"runtime.gone", "main.start"}}})
	assert.NoError(t, err, "what is not linked needs no redirect")
}

// TestAllowedOffence: a function may be allowed to use the heap, to see the kernel catch it.
func TestAllowedOffence(t *testing.T) {
	im := plant(t, map[string]string{"kernel/main.go": callPlanted, "kernel/planted/planted.go": `package planted
var keep []int
func Do(n int) { provoke(n); again(n) }
//go:noinline
func provoke(n int) { keep = make([]int, n) }
//go:noinline
func again(n int) { keep = make([]int, n) }
`})
	cfg := Config{Module: "tuco", Redirects: handlers(t), Allow: []string{"tuco/kernel/planted.provoke"}}
	res, err := Walk(im, cfg)
	require.NoError(t, err)
	assert.NotNil(t, res.Why("runtime.makeslice"), "it is not filled with INT3")
	assert.NotContains(t, spelled(res), "planted.provoke")
	assert.Contains(t, spelled(res), "tuco/kernel/planted.again → runtime.makeslice")
	assert.Len(t, res.Findings, 1, spelled(res))

	// Without the handler behind it, the permission does not help.
	cfg.Redirects = slices.DeleteFunc(cfg.Redirects, func(r Redirect) bool { return r.From == "runtime.mallocgc" })
	res, err = Walk(im, cfg)
	require.NoError(t, err)
	assert.Contains(t, spelled(res), "tuco/kernel/planted.provoke → runtime.makeslice → runtime.mallocgc: this allocates")
}

func TestReadRedirects(t *testing.T) {
	got, err := ReadRedirects(strings.NewReader("# comment\n\n a.b  c.d # why\n"), "list")
	require.NoError(t, err)
	assert.Equal(t, []Redirect{{"a.b", "c.d"}}, got)
	_, err = ReadRedirects(strings.NewReader("a.b\n"), "list")
	assert.EqualError(t, err, "list:1: want FROM TO")
	_, err = ReadRedirects(strings.NewReader("a.b c.d\na.b e.f\n"), "list")
	assert.EqualError(t, err, "list:2: a.b is redirected twice")
}
