package nic_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/virtio"
	"tuco/control/virtio/model"
	"tuco/control/virtio/nic"
)

// wire is a network device, and the other end of its cable.
type wire struct {
	model.Device
	nic  *nic.NIC
	sent [][]byte
	came [][]byte
	keep bool // what is sent stays under way
}

func newWire() *wire {
	w := &wire{}
	w.Memory = &model.Memory{Limit: 600}
	w.Offers = virtio.FeatureVersion1 | virtio.FeatureEvents | 1<<5 | 1<<16
	w.Sizes = []uint16{16, 8}
	w.Fields = []byte{0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0}
	w.Serve = func(r *model.Request) int {
		if r.Queue == 0 || w.keep {
			return -1
		}
		w.sent = append(w.sent, bytes.Clone(r.Read))
		return 0
	}
	return w
}

func open(t *testing.T, w *wire) *nic.NIC {
	n, err := nic.Open(w, w.Memory, func(frame []byte) { w.came = append(w.came, bytes.Clone(frame)) })
	require.NoError(t, err)
	w.nic = n
	return n
}

func frame(n int, fill byte) []byte { return bytes.Repeat([]byte{fill}, n) }

func TestSend(t *testing.T) {
	w := newWire()
	n := open(t, w)
	assert.Equal(t, "52:54:00:12:34:56", n.MAC().String())
	assert.True(t, n.Up())
	w.Fields[6] = 0
	assert.False(t, n.Up())
	for i := range 100 {
		require.NoError(t, n.Send(frame(14+i, byte(i)), frame(1518, 1)))
	}
	require.Len(t, w.sent, 200)
	for i := range 100 {
		assert.Equal(t, append(make([]byte, 12), frame(14+i, byte(i))...), w.sent[2*i])
	}
	assert.ErrorContains(t, n.Send(frame(13, 1)), "13 bytes")
	assert.ErrorContains(t, n.Send(frame(1519, 1)), "1519 bytes")
	stats := n.Stats()
	assert.EqualValues(t, 200, stats.Sent)
	assert.Zero(t, stats.Dropped)
	assert.EqualValues(t, 101, stats.Notifications, "one for each call, and one for the pages to receive into")

	w.keep = true
	for range 20 {
		require.NoError(t, n.Send(frame(60, 1)))
	}
	assert.EqualValues(t, 20-8, n.Stats().Dropped)
	require.NoError(t, n.Close())
	assert.Zero(t, w.Memory.Used())
	assert.ErrorIs(t, n.Send(frame(60, 1)), nic.ErrClosed)
	n.Interrupted()
}

// deliver has frames come.
func (w *wire) deliver(frames ...[]byte) {
	w.Device.Deliver(0, func(r *model.Request) int {
		if len(frames) == 0 {
			return -1
		}
		f := frames[0]
		frames = frames[1:]
		return r.Fill(append(make([]byte, 12), f...))
	})
}

func TestReceive(t *testing.T) {
	w := newWire()
	n := open(t, w)
	w.Raise = n.Interrupted
	var want [][]byte
	for i := range 50 {
		f := frame(14+i, byte(i))
		want = append(want, f, f)
		w.deliver(f, f)
	}
	assert.Equal(t, want, w.came)
	w.deliver(frame(13, 1), nil)
	assert.EqualValues(t, 2, n.Stats().Malformed)
	assert.Equal(t, want, w.came)
	w.deliver(frame(2000, 2))
	assert.Len(t, w.came[len(w.came)-1], 1518, "as much as there was room for")
	require.NoError(t, n.Close())
	assert.Zero(t, w.Memory.Used())
}

func TestBrokenNIC(t *testing.T) {
	w := newWire()
	n := open(t, w)
	w.Raise = n.Interrupted
	w.Return = func(id, written uint32) (uint32, uint32) { return id, 4096 }
	w.deliver(frame(60, 1))
	assert.ErrorIs(t, n.Send(frame(60, 1)), virtio.ErrDevice)
	assert.Zero(t, w.Status(), "it was reset")
	require.NoError(t, n.Close())
	assert.Zero(t, w.Memory.Used())

	w = newWire()
	n = open(t, w)
	w.Stuck = true
	assert.ErrorIs(t, n.Close(), virtio.ErrDevice)
	assert.NotZero(t, w.Memory.Used())
}

func TestOpenRefused(t *testing.T) {
	for name, test := range map[string]struct {
		set func(*wire)
		why string
	}{
		"no address": {func(w *wire) { w.Offers &^= 1 << 5 }, "it lacks 0x20"},
		"a group's":  {func(w *wire) { w.Fields[0] = 1 }, "which is a group's"},
		"one queue":  {func(w *wire) { w.Sizes = w.Sizes[:1] }, "no queue 1"},
		"no memory":  {func(w *wire) { w.Memory.Limit = 25 }, "pages for frames"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire()
			test.set(w)
			_, err := nic.Open(w, w.Memory, nil)
			assert.ErrorContains(t, err, test.why)
			assert.Zero(t, w.Memory.Used())
		})
	}
}
