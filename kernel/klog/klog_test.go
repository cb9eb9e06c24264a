package klog

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// capture collects what f logs.
func capture(t *testing.T, f func()) string {
	t.Helper()
	var out strings.Builder
	Sink = func(line []byte) { out.Write(line) }
	defer func() { Sink = nil }()
	f()
	return out.String()
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		format string
		args   []Arg
		want   string
	}{
		{"plain", nil, "plain"},
		{"100%% of %d", []Arg{D(-7)}, "100% of -7"},
		{"%d", []Arg{D(int64(-1 << 63))}, "-9223372036854775808"},
		{"%u", []Arg{U(^uint64(0))}, "18446744073709551615"},
		{"%x %x", []Arg{X(uint64(0)), X(uint32(0xbeef))}, "0x0 0xbeef"},
		{"%x", []Arg{H16(uint64(0x1f))}, "000000000000001f"},
		{"%x", []Arg{H2(5)}, "05"},
		{"%d", []Arg{D6(42)}, "000042"},
		{"%s", []Arg{B([]byte("a\x1b[2Jb\n"))}, "a?[2Jb?"},
		{"%s %s %s %s", []Arg{Size(uint64(12)), Size(uint64(5000)), Size(uint64(3 << 20)), Size(uint64(2 << 30))}, "12 bytes 4 KiB 3 MiB 2 GiB"},
		{"%d %d", []Arg{D(1)}, "1 (missing)"},
		{"none", []Arg{D(1)}, "none (extra 1)"},
		{"ends with %", nil, "ends with %"},
	} {
		got := capture(t, func() { Infof(c.format, c.args...) })
		assert.Equal(t, c.want+"\n", got, c.format)
	}
}

func TestLongLineIsCutAndEnded(t *testing.T) {
	got := capture(t, func() { Infof("%s", S(strings.Repeat("x", 2*lineSize))) })
	assert.Len(t, got, lineSize)
	assert.True(t, strings.HasSuffix(got, "x\n"))
}

func TestLevels(t *testing.T) {
	defer SetLevel(Info)
	got := capture(t, func() {
		Debugf("no")
		SetLevel(Debug)
		Debugf("yes")
		SetLevel(Error)
		Warnf("no")
		Errorf("yes")
	})
	assert.Equal(t, "debug: yes\nerror: yes\n", got)
}

func TestReplayKeepsTheNewest(t *testing.T) {
	ring.written = 0
	for i := range 5000 {
		Infof("line %d", D(i))
	}
	var out strings.Builder
	Replay(func(text []byte) { out.Write(text) })
	require.Len(t, out.String(), ringSize)
	assert.True(t, strings.HasSuffix(out.String(), "line 4998\nline 4999\n"))
}

func TestLinesOfSeveralCPUsDoNotMix(t *testing.T) {
	const cpus, lines = 4, 500
	got := capture(t, func() {
		var wg sync.WaitGroup
		for cpu := range cpus {
			wg.Go(func() {
				for range lines {
					Infof("cpu %d says %s", D(cpu), S("something long enough to be torn"))
				}
			})
		}
		wg.Wait()
	})
	seen := 0
	for line := range strings.Lines(got) {
		assert.Regexp(t, `^cpu [0-3] says something long enough to be torn\n$`, line)
		seen++
	}
	assert.Equal(t, cpus*lines, seen)
}

// TestTryWarnfDoesNotWait logs from below a holder of the lock, as an NMI does.
func TestTryWarnfDoesNotWait(t *testing.T) {
	var inside bool
	var got strings.Builder
	Sink = func(line []byte) {
		got.Write(line)
		inside = inside || TryWarnf("lost")
	}
	defer func() { Sink = nil }()
	Infof("the holder")
	assert.False(t, inside)
	assert.Equal(t, "the holder\n", got.String())

	Sink = func(line []byte) { got.Write(line) }
	assert.True(t, TryWarnf("free"))
	Infof("and free again")
	assert.Equal(t, "the holder\nwarning: free\nand free again\n", got.String())
}

func TestBugReachesItsHandler(t *testing.T) {
	defer func() { OnBug = nil }()
	var reason string
	OnBug = func(r []byte) { reason = string(r); panic("stop") }
	assert.Panics(t, func() { Bugf("frame %x twice", X(uint64(5))) })
	assert.Equal(t, "frame 0x5 twice", reason)
}
