package boottest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// listener is a Reporter that keeps what it is told.
type listener struct {
	mu   sync.Mutex
	said []string
}

func (l *listener) Step(t *Test, n int, s *Step) { l.say("%s step %d", t.File, n) }

func (l *listener) Done(r Result) { l.say("%s done %t", r.Test.File, r.Failure == "") }

func (l *listener) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

func named(t *testing.T, files ...string) (tests []*Test) {
	for _, f := range files {
		test := parsed(t, "steps = [expect('up')]")
		test.File = f
		tests = append(tests, test)
	}
	return tests
}

// Two tests run at once: each waits for the other.
func TestAll(t *testing.T) {
	both := make(chan struct{})
	var l listener
	o := Options{Jobs: 2, Artifacts: t.TempDir(), Reporter: &l, Boot: fake(func(h *fakeHost) *host.Outcome {
		select {
		case both <- struct{}{}:
			h.say("g: up")
		case <-both:
		}
		return nil
	})}
	results, err := All(t.Context(), named(t, "a/x.boot", "b/x.boot"), o)
	require.NoError(t, err)
	require.Len(t, results, 2)
	assert.Equal(t, []string{"a/x.boot", "b/x.boot"}, []string{results[0].Test.File, results[1].Test.File})
	assert.NotEqual(t, results[0].Failure == "", results[1].Failure == "")
	k := slices.IndexFunc(results, func(r Result) bool { return r.Failure != "" })
	assert.Equal(t, filepath.Join(o.Artifacts, []string{"a-x", "b-x"}[k]), results[k].Dir, "they have the same name, and so their paths too")
	slices.Sort(l.said)
	assert.Equal(t, []string{"a/x.boot done " + fmt.Sprint(k != 0), "a/x.boot step 0", "b/x.boot done " + fmt.Sprint(k != 1), "b/x.boot step 0"}, l.said)
}

func TestAllStops(t *testing.T) {
	broken := errors.New("no emulator")
	boots := 0
	o := Options{Jobs: 1, Artifacts: t.TempDir(), Reporter: &listener{}, Boot: func(context.Context, *Test, string, io.Reader, io.Writer) (*host.Outcome, error) {
		boots++
		return nil, broken
	}}
	results, err := All(t.Context(), named(t, "a.boot", "b.boot"), o)
	assert.ErrorIs(t, err, broken)
	assert.Empty(t, results)
	assert.Equal(t, 1, boots, "the second test would not fare better")

	ctx, cancel := context.WithCancel(t.Context())
	o.Boot = fake(func(h *fakeHost) *host.Outcome { cancel(); h.runs(); return nil })
	results, err = All(ctx, named(t, "a.boot", "b.boot", "c.boot"), o)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Less(t, len(results), 3)
}

func TestJUnit(t *testing.T) {
	tests := named(t, "examples/good.boot", "bad.boot")
	var b strings.Builder
	require.NoError(t, WriteJUnit(&b, []Result{
		{Test: tests[0], Elapsed: 1500 * time.Millisecond, Console: "fine\n"},
		{Test: tests[1], Elapsed: time.Second, Failure: `bad.boot:2: expect("<a>"): it took too long`, Dir: "kept/bad", Console: "a\x1b[0m]]> b\n"},
	}, 2500*time.Millisecond))
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="tuco" tests="2" failures="1" skipped="0" time="2.500">
    <testcase classname="examples" name="good" time="1.500" file="examples/good.boot">
      <system-out><![CDATA[fine
]]></system-out>
    </testcase>
    <testcase classname="." name="bad" time="1.000" file="bad.boot">
      <failure message="bad.boot:2: expect(&#34;&lt;a&gt;&#34;): it took too long">artifacts: kept/bad</failure>
      <system-out><![CDATA[a[0m]]]]><![CDATA[> b
]]></system-out>
    </testcase>
  </testsuite>
</testsuites>
`, b.String())
}

func TestTail(t *testing.T) {
	assert.Equal(t, "abc", tail("abc", 3))
	assert.Equal(t, "…\ncd\n", tail("ab\ncd\n", 4))
}
