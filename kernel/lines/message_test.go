package lines

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/evtchn"
)

// A message has a vector of its own, and each is an event.
func TestMessage(t *testing.T) {
	b, h := newBoard(t)
	n, m, e := NewMessage(h)
	require.Zero(t, e)
	assert.EqualValues(t, 0xfee0_0000, m.Address)
	assert.EqualValues(t, endVector-1, m.Data)
	p, e := Bind(h, all.domain, uint32(n))
	require.Zero(t, e)
	assert.Empty(t, b.routed, "no controller has it")
	assert.False(t, NeedsEOI(h, uint32(n)))
	assert.Contains(t, b.handled, endVector-1)
	l := m.Data - uint32(firstVector)
	b.open[l] = true // nothing keeps a device from sending
	for range 10 * perWindow {
		require.True(t, b.interrupt(h, l))
		require.True(t, take(p))
	}
	assert.Empty(t, b.waits, "it never rests")
	require.Zero(t, EOI(h, uint32(n)))

	require.Zero(t, Unmap(h, n))
	require.True(t, b.interrupt(h, l))
	assert.False(t, take(p), "the device was not told, but nobody hears it")
	require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
	again, m2, e := NewMessage(h)
	require.Zero(t, e)
	assert.Equal(t, [2]any{n, m}, [2]any{again, m2}, "both are free again")
}

// There are as many as there are vectors that no line has; none of them is a line that can be named.
func TestMessages(t *testing.T) {
	_, h := newBoard(t)
	var numbers []int32
	for {
		n, m, e := NewMessage(h)
		if e != 0 {
			require.Equal(t, hypercall.ENOSPC, e)
			break
		}
		numbers = append(numbers, n)
		gsi := int32(m.Data - uint32(firstVector))
		require.GreaterOrEqual(t, gsi, int32(pins), "a line of a controller's")
		_, e = Map(h, gsi, -1)
		require.Equal(t, hypercall.EINVAL, e)
		require.Equal(t, hypercall.EINVAL, Setup(h, gsi, true, true))
	}
	assert.Len(t, numbers, int(maxLines-pins))
	for _, n := range numbers {
		require.Zero(t, Unmap(h, n))
		require.Equal(t, hypercall.EINVAL, Unmap(h, n))
	}
	for range evtchn.MaxPIRQs - firstFree {
		_, e := Reserve(h, true)
		require.Zero(t, e)
	}
	_, _, e := NewMessage(h)
	assert.Equal(t, hypercall.ENOSPC, e, "there is no number")
	all.cpu = maxDestination + 1
	_, _, e = NewMessage(h)
	assert.Equal(t, hypercall.ENODEV, e)
}
