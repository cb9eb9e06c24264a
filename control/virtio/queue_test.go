package virtio_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/virtio"
	"tuco/control/virtio/model"
)

// echo answers what it reads, in capitals.
func echo(r *model.Request) int { return r.Fill([]byte(strings.ToUpper(string(r.Read)))) }

// started is a device with a queue, ready.
func started(t *testing.T, d *model.Device, features uint64) *virtio.Queue {
	if d.Memory == nil {
		d.Memory = &model.Memory{Limit: 64}
	}
	d.Offers |= virtio.FeatureVersion1 | virtio.FeatureEvents
	d.Sizes = []uint16{8}
	got, err := virtio.Begin(d, features, 0)
	require.NoError(t, err)
	q, err := virtio.AddQueue(d, d.Memory, 0, virtio.MaxQueue, got&virtio.FeatureEvents != 0)
	require.NoError(t, err)
	virtio.Ready(d)
	return q
}

func each(t *testing.T, f func(t *testing.T, features uint64)) {
	t.Run("flags", func(t *testing.T) { f(t, 0) })
	t.Run("events", func(t *testing.T) { f(t, virtio.FeatureEvents) })
}

// The indices go round more than once.
func TestQueue(t *testing.T) {
	each(t, func(t *testing.T, features uint64) {
		d := &model.Device{Serve: echo}
		q := started(t, d, features)
		page, err := d.Memory.Page()
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(1, 2))
		for round := range 20_000 {
			n := 1 + random.IntN(4)
			copy(page.Bytes, "abcdefgh")
			for i := range n {
				at := uint32(16 * i)
				copy(page.Bytes[1024+at:], "........")
				require.NoError(t, q.Put(round*8+i, virtio.Buffer{Bus: page.Bus + uint64(i), Length: 3},
					virtio.Buffer{Bus: page.Bus + 1024 + uint64(at), Length: 8, Write: true}))
			}
			require.Equal(t, n, q.Waiting())
			if q.Push() {
				d.Notify(0)
			}
			require.False(t, q.Push(), "nothing is new")
			for i := range n {
				token, written, ok, err := q.Take()
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, round*8+i, token)
				require.EqualValues(t, 3, written)
				require.Equal(t, strings.ToUpper("abcdefgh"[i:i+3])+".....", string(page.Bytes[1024+16*i:][:8]))
			}
			_, _, ok, err := q.Take()
			require.NoError(t, err)
			require.False(t, ok)
			require.Equal(t, q.Size(), q.Free())
		}
		require.NoError(t, virtio.Reset(d))
		q.Release(d.Memory)
		assert.Equal(t, 1, d.Memory.Used())
		assert.ErrorIs(t, q.Put(0, virtio.Buffer{}), virtio.ErrDevice)
	})
}

func TestFull(t *testing.T) {
	d := &model.Device{Serve: func(*model.Request) int { return -1 }}
	q := started(t, d, 0)
	page, _ := d.Memory.Page()
	b := virtio.Buffer{Bus: page.Bus, Length: 1}
	require.NoError(t, q.Put(1, b, b, b, b, b))
	assert.ErrorIs(t, q.Put(2, b, b, b, b), virtio.ErrFull)
	require.NoError(t, q.Put(2, b, b, b))
	assert.ErrorIs(t, q.Put(3, b), virtio.ErrFull)
	assert.Panics(t, func() { _ = q.Put(4) })
}

// An interrupt comes only where one was asked for, and none is lost.
func TestInterrupts(t *testing.T) {
	each(t, func(t *testing.T, features uint64) {
		raised := 0
		d := &model.Device{Serve: echo, Raise: func() { raised++ }}
		q := started(t, d, features)
		page, _ := d.Memory.Page()
		do := func() {
			require.NoError(t, q.Put(0, virtio.Buffer{Bus: page.Bus, Length: 1}))
			if q.Push() {
				d.Notify(0)
			}
		}
		take := func() {
			_, _, ok, err := q.Take()
			require.NoError(t, err)
			require.True(t, ok)
		}
		more, err := q.Await()
		require.NoError(t, err)
		require.False(t, more)
		do()
		assert.Equal(t, 1, raised)
		q.Hush()
		do()
		assert.Equal(t, 1, raised, "hushed")
		more, err = q.Await()
		require.NoError(t, err)
		assert.True(t, more, "two are there, and nobody will say so")
		take()
		take()
		more, err = q.Await()
		require.NoError(t, err)
		assert.False(t, more)
		do()
		assert.Equal(t, 2, raised)
	})
}

func TestBrokenDevice(t *testing.T) {
	for name, test := range map[string]struct {
		set func(*model.Device)
		why string
	}{
		"not in the table": {func(d *model.Device) { d.Return = func(_, w uint32) (uint32, uint32) { return 8, w } }, "returned descriptor 8"},
		"huge":             {func(d *model.Device) { d.Return = func(_, w uint32) (uint32, uint32) { return 1 << 31, w } }, "returned descriptor 2147483648"},
		"not given":        {func(d *model.Device) { d.Return = func(id, w uint32) (uint32, uint32) { return id + 1, w } }, "which it didn't have"},
		"too long":         {func(d *model.Device) { d.Return = func(id, w uint32) (uint32, uint32) { return id, 5 } }, "5 bytes where there was room for 4"},
		"too many":         {func(d *model.Device) { d.Skip = 1 }, "has done 2 requests, of 1"},
		"backwards":        {func(d *model.Device) { d.Skip = 0xfffe }, "has done 65535 requests"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &model.Device{Serve: echo}
			test.set(d)
			q := started(t, d, 0)
			page, _ := d.Memory.Page()
			require.NoError(t, q.Put(7, virtio.Buffer{Bus: page.Bus, Length: 4}, virtio.Buffer{Bus: page.Bus, Length: 4, Write: true}))
			q.Push()
			d.Notify(0)
			_, _, ok, err := q.Take()
			assert.False(t, ok)
			assert.ErrorIs(t, err, virtio.ErrDevice)
			assert.ErrorContains(t, err, test.why)
			_, err = q.Await()
			assert.ErrorIs(t, err, virtio.ErrDevice)
			assert.ErrorIs(t, q.Put(8, virtio.Buffer{}), virtio.ErrDevice, "for good")
		})
	}
}

// A chain that comes back twice was given once.
func TestReturnedTwice(t *testing.T) {
	d := &model.Device{Serve: echo}
	d.Return = func(_, w uint32) (uint32, uint32) { return 0, w }
	q := started(t, d, 0)
	page, _ := d.Memory.Page()
	for i := range 2 {
		require.NoError(t, q.Put(i, virtio.Buffer{Bus: page.Bus, Length: 4}))
	}
	q.Push()
	d.Notify(0)
	token, _, ok, err := q.Take()
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 0, token)
	_, _, _, err = q.Take()
	assert.ErrorIs(t, err, virtio.ErrDevice)
}

func TestHandshake(t *testing.T) {
	offers := uint64(virtio.FeatureVersion1 | 1<<5 | 1<<6)
	features, err := virtio.Begin(&model.Device{Offers: offers}, 1<<5|1<<7, 0)
	require.NoError(t, err)
	assert.EqualValues(t, virtio.FeatureVersion1|1<<5, features)

	_, err = virtio.Begin(&model.Device{Offers: offers}, 0, 1<<7)
	assert.ErrorContains(t, err, "it lacks 0x80")
	_, err = virtio.Begin(&model.Device{Offers: 1 << 5}, 0, 0)
	assert.ErrorContains(t, err, "it lacks 0x100000000")
	_, err = virtio.Begin(&model.Device{Offers: offers, Choosy: true}, 0, 0)
	assert.ErrorContains(t, err, "refuses features")
	stuck := &model.Device{Offers: offers}
	stuck.SetStatus(virtio.StatusDriverOK)
	stuck.Stuck = true
	_, err = virtio.Begin(stuck, 0, 0)
	assert.ErrorIs(t, err, virtio.ErrDevice)

	assert.NoError(t, virtio.Consistent(&model.Device{}, func() {}))
	assert.ErrorIs(t, virtio.Consistent(&model.Device{Restless: true}, func() {}), virtio.ErrDevice)
}

func TestQueueSizes(t *testing.T) {
	d := &model.Device{Sizes: []uint16{0, 1024, 100}, Memory: &model.Memory{Limit: 5}}
	_, err := virtio.AddQueue(d, d.Memory, 0, 256, false)
	assert.ErrorContains(t, err, "no queue 0")
	_, err = virtio.AddQueue(d, d.Memory, 3, 256, false)
	assert.ErrorContains(t, err, "no queue 3")
	q, err := virtio.AddQueue(d, d.Memory, 1, 1000, false)
	require.NoError(t, err)
	assert.Equal(t, 256, q.Size())
	_, err = virtio.AddQueue(d, d.Memory, 2, 1000, false)
	assert.ErrorIs(t, err, model.ErrMemory)
	assert.Equal(t, 3, d.Memory.Used(), "what it had is given back")
	q.Release(d.Memory)
	q, err = virtio.AddQueue(d, d.Memory, 2, 1000, false)
	require.NoError(t, err)
	assert.Equal(t, 64, q.Size())
	_, err = virtio.NewQueue(d.Memory, 12, false)
	assert.ErrorContains(t, err, "power of two")
}
