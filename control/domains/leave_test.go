package domains

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// cancelled is a context that has ended.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// The host ends: guests are asked to power off, those that don't are destroyed, and all are back at its next start.
func TestLeave(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	for _, name := range []string{"deaf", "off", "paused", "preserved"} {
		require.NoError(t, m.Create(guestFile(name, "on_crash = 'preserve'")))
	}
	require.NoError(t, m.Pause("paused"))
	w.end(m, "preserved", hypercall.SHUTDOWN_crash)
	require.NoError(t, m.Poll())
	w.end(m, "off", hypercall.SHUTDOWN_poweroff) // as it does when it is asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.NoError(t, m.Leave(ctx))
	assert.Equal(t, []string{"deaf poweroff", "off poweroff"}, w.asked)
	assert.Empty(t, m.List())
	assert.Empty(t, w.domains)
	for name, s := range w.attached {
		assert.Empty(t, s, name)
	}
	assert.ErrorIs(t, m.Create(guestFile("late", "")), ErrState)
	assert.Equal(t, map[string]bool{"kernel": true, "": true}, m.Files(), "they will be needed")
	assert.Equal(t, []string{"deaf", "off", "paused", "preserved"}, w.recorded())

	again := w.manager(Quota{})
	require.NoError(t, again.Restore())
	states := map[string]State{}
	for _, i := range again.List() {
		states[i.Config.Name] = i.State
	}
	assert.Equal(t, map[string]State{"deaf": Running, "off": Running, "paused": Running, "preserved": Ended}, states)
	w.check(again)
	require.NoError(t, again.Leave(cancelled()))
	third := w.manager(Quota{})
	require.NoError(t, third.Restore())
	assert.Equal(t, "crash; its memory went with the host's restart", third.List()[3].Why, "said once")
	clean(w, third)
}

// A guest that Leave does not wait for can't be restarted by its end.
func TestLeaveEndsRestarts(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	require.NoError(t, m.Create(guestFile("a", "on_poweroff = 'restart'")))
	w.end(m, "a", hypercall.SHUTDOWN_poweroff)
	require.NoError(t, m.Leave(t.Context()))
	assert.Empty(t, m.List())
	assert.Equal(t, []string{"a"}, w.recorded())
}

// A guest that is described anew is as that says, whether its domain is there or not, and whatever became of it.
func TestRestoreAnew(t *testing.T) {
	for name, host := range map[string]func(w *world, m *Manager){
		"adopted": func(*world, *Manager) {},
		"host's restart": func(w *world, m *Manager) {
			require.NoError(w.t, m.Leave(cancelled()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := w.manager(Quota{})
			require.NoError(t, m.Create(guestFile("a", "on_crash = 'preserve'")))
			require.NoError(t, m.Create(guestFile("b", "")))
			require.NoError(t, m.Create(guestFile("c", "on_crash = 'preserve'")))
			w.end(m, "c", hypercall.SHUTDOWN_crash)
			require.NoError(t, m.Poll())
			host(w, m)

			again := w.manager(Quota{})
			require.NoError(t, again.Restore(guestFile("a", "vcpus = 3"), guestFile("c", ""), guestFile("new", "")))
			l := again.List()
			require.Len(t, l, 3, "a guest that is in no record is for Create")
			assert.Equal(t, []State{Running, Running, Running}, []State{l[0].State, l[1].State, l[2].State})
			assert.Equal(t, []int{3, 1, 1}, []int{l[0].Config.VCPUs, l[1].Config.VCPUs, l[2].Config.VCPUs})
			w.check(again)
			third := w.manager(Quota{})
			require.NoError(t, third.Restore())
			assert.Equal(t, 3, third.List()[0].Config.VCPUs, "it is the record's now")
			clean(w, third)
		})
	}
}
