package domains

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
