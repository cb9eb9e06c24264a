package domains

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// A guest that is destroyed at any call of its making is not waited for: the making fails, and leaves nothing.
func TestDestroyedWhileBuilt(t *testing.T) {
	sound := newWorld(t)
	require.NoError(t, sound.manager(Quota{}).Create(guestFile("a", "ramdisk = 'disk'")))
	for k := 1; k <= sound.calls; k++ {
		w := newWorld(t)
		m := w.manager(Quota{})
		destroyed := make(chan error, 1)
		w.fails = func(call int) bool {
			if call == k {
				go func() { destroyed <- m.Destroy("a") }()
				for marked := false; !marked; {
					m.set(func() { marked = m.guests["a"].unwanted })
				}
			}
			return false
		}
		err := m.Create(guestFile("a", "ramdisk = 'disk'"))
		require.NoError(t, <-destroyed, "call %d", k)
		if err != nil { // the last call may be made before the domain is gone
			assert.ErrorIs(t, err, ErrState)
			assert.EqualError(t, err, `guest "a" was destroyed while it was built`)
		} else {
			assert.Equal(t, sound.calls, k, "it was built though nobody wanted it")
		}
		require.Empty(t, m.List())
		clean(w, m)
	}
}

// One that is destroyed, by two at once, at any call of its restart, is gone too.
func TestDestroyedWhileRestarted(t *testing.T) {
	restart := func(w *world) *Manager {
		m := w.manager(Quota{})
		require.NoError(t, m.Create(guestFile("a", "ramdisk = 'disk'")))
		w.end(m, "a", hypercall.SHUTDOWN_reboot)
		w.calls = 0
		return m
	}
	sound := newWorld(t)
	require.NoError(t, restart(sound).Poll())
	for k := 1; k <= sound.calls; k++ {
		w := newWorld(t)
		m := restart(w)
		destroyed := make(chan error, 2)
		w.fails = func(call int) bool {
			if call == k {
				for range cap(destroyed) {
					go func() { destroyed <- m.Destroy("a") }()
				}
				for seen := false; !seen; {
					m.set(func() { seen = m.guests["a"].state != Building || m.guests["a"].unwanted })
				}
			}
			return false
		}
		_ = m.Poll() // the restart that nobody wants any more may fail
		for range cap(destroyed) {
			if err := <-destroyed; err != nil {
				require.ErrorIs(t, err, ErrNotFound, "call %d", k)
			}
		}
		require.Empty(t, m.List(), "call %d", k)
		clean(w, m)
	}
}
