package entropy_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/virtio"
	"tuco/control/virtio/entropy"
	"tuco/control/virtio/model"
)

func newDevice() *model.Device {
	return &model.Device{Memory: &model.Memory{Limit: 10}, Offers: virtio.FeatureVersion1, Sizes: []uint16{8}}
}

func TestRead(t *testing.T) {
	d := newDevice()
	calls := 0
	d.Serve = func(r *model.Request) int {
		if calls++; calls == 2 {
			return 0 // it may give nothing
		}
		return r.Fill([]byte("seven b"))
	}
	s, err := entropy.Open(d, d.Memory)
	require.NoError(t, err)
	d.Raise = func() { go s.Interrupted() }
	p := make([]byte, 20)
	n, err := io.ReadFull(s, p)
	require.NoError(t, err)
	assert.Equal(t, "seven bseven bseven ", string(p[:n]))
	assert.Equal(t, 4, calls)
	require.NoError(t, s.Close())
	assert.Zero(t, d.Memory.Used())
	_, err = s.Read(p)
	assert.ErrorIs(t, err, entropy.ErrClosed)
	require.NoError(t, s.Close())
}

func TestEnds(t *testing.T) {
	d := newDevice()
	asked := make(chan bool, 1)
	d.Serve = func(*model.Request) int { asked <- true; return -1 }
	s, err := entropy.Open(d, d.Memory)
	require.NoError(t, err)
	end := make(chan error)
	go func() { _, err := s.Read(make([]byte, 4)); end <- err }()
	<-asked
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-end, entropy.ErrClosed)
	assert.Zero(t, d.Memory.Used())

	d = newDevice()
	d.Serve = func(r *model.Request) int { return 4096 } // more than it was given
	s, err = entropy.Open(d, d.Memory)
	require.NoError(t, err)
	d.Raise = func() { go s.Interrupted() }
	_, err = s.Read(make([]byte, 4))
	assert.ErrorIs(t, err, virtio.ErrDevice)

	d = newDevice()
	d.Sizes = nil
	_, err = entropy.Open(d, d.Memory)
	assert.ErrorContains(t, err, "no queue 0")
	assert.Zero(t, d.Memory.Used())
	d.Memory.Limit = 0
	_, err = entropy.Open(d, d.Memory)
	assert.Error(t, err)
}
