package vtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/lock"
)

func TestWatchdogs(t *testing.T) {
	var (
		w     Watchdogs
		bells [MaxWatchdogs]bell
		h     lock.Holder
	)
	w.Init(&bells[0], &bells[1])
	set := func(now uint64, id, seconds uint32, taken uint32, e hypercall.Errno) {
		t.Helper()
		got, err := w.Set(&h, now, id, seconds)
		require.Equal(t, e, err)
		require.Equal(t, taken, got)
	}
	set(5, 1, 1, 0, hypercall.EINVAL) // not taken
	set(5, 3, 1, 0, hypercall.EINVAL)
	set(5, ^uint32(0), 1, 0, hypercall.EINVAL)
	set(5, 0, 10, 1, 0)
	set(6, 0, 1<<32-1, 2, 0)
	set(7, 0, 10, 0, hypercall.ENOSPC)
	assert.Equal(t, bell{5 + 10*second, true, 1}, bells[0])
	assert.Equal(t, bell{6 + (1<<32-1)*second, true, 1}, bells[1])

	set(10*second, 1, 10, 0, 0) // fed
	assert.False(t, w.Ring(&h, 0, 10*second+5), "it was ringing when it was fed")
	assert.False(t, w.Ring(&h, 0, 20*second-1))
	assert.True(t, w.Ring(&h, 0, 20*second))
	assert.False(t, w.Ring(&h, 0, 20*second), "a second time")
	set(21*second, 0, 1, 0, hypercall.ENOSPC) // what has rung is still taken

	set(21*second, 2, 0, 0, 0)
	assert.False(t, bells[1].set)
	set(21*second, 2, 0, 0, hypercall.EINVAL) // it was stopped
	set(21*second, 0, 0, 2, 0)
	assert.True(t, w.Ring(&h, 1, 21*second), "no time at all")

	set(22*second, 2, 1, 0, 0)
	w.Stop(&h)
	assert.False(t, bells[1].set)
	assert.False(t, w.Ring(&h, 1, 24*second))
	h.AssertNone()
}
