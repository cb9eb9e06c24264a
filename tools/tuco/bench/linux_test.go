package bench

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// linuxRun is a run in which everything takes so many seconds.
func linuxRun(t *testing.T, hypervisor string, icount bool, each float64) LinuxRun {
	t.Helper()
	now := 0.0
	w := LinuxWatch{Run: LinuxRun{Hypervisor: hypervisor, ICount: icount}, Clock: func() (wall, cpu float64) {
		now += each
		return now, now / 2
	}}
	require.ErrorContains(t, w.Run.Complete(), "on "+hypervisor+", Linux has not started its init")
	fmt.Fprintf(&w, "[    0.0] Linux\r\n[    3.392900] Run /init as init pro")
	fmt.Fprintf(&w, "cess\r\n")
	require.ErrorContains(t, w.Run.Complete(), "Linux has not ended the loop getppid")
	for _, l := range LinuxLoops {
		fmt.Fprintf(&w, "linuxload: %s: begins\nlinuxload: %s: passed: %d in %d ticks\n", l.Name, l.Name, l.Turns, 1000*l.Turns)
	}
	require.NoError(t, w.Run.Complete())
	return w.Run
}

func TestLinux(t *testing.T) {
	var r Report
	r.JoinLinux([]LinuxRun{
		linuxRun(t, "tuco", true, 100), linuxRun(t, "xen", true, 100),
		linuxRun(t, "tuco", false, 3), linuxRun(t, "xen", false, 4), linuxRun(t, "tuco", false, 2), linuxRun(t, "tuco", false, 100),
	})
	number := func(f *float64) any {
		if f == nil {
			return nil
		}
		return *f
	}
	got := map[string][]any{}
	for _, l := range r.Rows {
		got[l.Op] = []any{l.Unit, number(l.Tuco), number(l.TucoStubOff), number(l.Xen), number(l.Ratio)}
	}
	assert.Equal(t, []any{"instructions", 3_392_900_000.0, nil, 3_392_900_000.0, 1.0}, got["Linux: kernel entry to init"])
	assert.Equal(t, []any{"instructions", 1000.0, nil, 1000.0, 1.0}, got["Linux: page fault"])
	assert.Equal(t, []any{"seconds", 3.0, nil, 4.0, 0.75}, got["Linux: emulator's start to init, wall time"])
	assert.Equal(t, []any{"seconds", 1.5, nil, 2.0, 0.75}, got["Linux: emulator's start to init, processor time"])
	assert.Equal(t, []any{"seconds", 3.0, nil, 4.0, 0.75}, got["Linux: 200000 times system call (getppid), wall time"])
	assert.Len(t, got, 12)
	assert.Empty(t, r.Missing(nil), "the stub was on in all")
	var text bytes.Buffer
	require.NoError(t, r.WriteMarkdown(&text))
	assert.Contains(t, text.String(), "| Linux: page fault | 1000.0 |")
}
