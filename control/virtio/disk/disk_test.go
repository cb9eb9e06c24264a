package disk_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/virtio"
	"tuco/control/virtio/disk"
	"tuco/control/virtio/model"
)

const sectors = 256

// platter is a block device.
type platter struct {
	model.Device
	disk   *disk.Disk
	data   [sectors * disk.SectorSize]byte
	answer byte
	seen   []uint32 // kinds of request
	keep   bool     // answers nothing
}

// newPlatter has a disk of 128 KiB that knows all features.
func newPlatter() *platter {
	p := &platter{}
	p.Memory = &model.Memory{Limit: 200}
	p.Offers = virtio.FeatureVersion1 | virtio.FeatureEvents | 1<<2 | 1<<6 | 1<<9 | 1<<13
	p.Sizes = []uint16{128}
	p.Fields = make([]byte, 60)
	p.set(0, sectors)
	p.set(12, 4)
	p.set(20, 512)
	p.set(36, 100)
	p.Serve = p.serve
	p.Raise = func() { go p.disk.Interrupted() }
	return p
}

func (p *platter) set(at int, value uint32) { binary.LittleEndian.PutUint32(p.Fields[at:], value) }

func (p *platter) serve(r *model.Request) int {
	if p.keep {
		return -1
	}
	kind := binary.LittleEndian.Uint32(r.Read)
	p.seen = append(p.seen, kind)
	at := binary.LittleEndian.Uint64(r.Read[8:]) * disk.SectorSize
	status := r.Write[len(r.Write)-1]
	status[0] = p.answer
	if p.answer != 0 {
		return 1
	}
	written := 1
	switch kind {
	case 0:
		for _, w := range r.Write[:len(r.Write)-1] {
			n := copy(w, p.data[at:])
			at, written = at+uint64(n), written+n
		}
	case 1:
		copy(p.data[at:], r.Read[16:])
	case 11:
		from, n := binary.LittleEndian.Uint64(r.Read[16:]), binary.LittleEndian.Uint32(r.Read[24:])
		clear(p.data[from*disk.SectorSize : (from+uint64(n))*disk.SectorSize])
	}
	return written
}

func open(t *testing.T, p *platter) *disk.Disk {
	d, err := disk.Open(p, p.Memory)
	require.NoError(t, err)
	p.disk = d
	return d
}

func TestReadAndWrite(t *testing.T) {
	p := newPlatter()
	d := open(t, p)
	assert.EqualValues(t, len(p.data), d.Size())
	random := rand.New(rand.NewPCG(3, 4))
	want := make([]byte, len(p.data))
	for range 200 {
		from := random.IntN(sectors)
		n := 1 + random.IntN(min(80, sectors-from))
		piece := want[from*512 : (from+n)*512]
		for i := range piece {
			piece[i] = byte(random.Uint32())
		}
		_, err := d.WriteAt(piece, int64(from*512))
		require.NoError(t, err)
	}
	assert.Equal(t, want, p.data[:])
	got := make([]byte, len(want))
	n, err := d.ReadAt(got, 0)
	require.NoError(t, err)
	assert.Equal(t, len(want), n)
	assert.Equal(t, want, got)
	n, err = d.ReadAt(got[:1024], int64(len(want)-512))
	assert.Equal(t, 512, n)
	assert.ErrorIs(t, err, io.EOF)
	require.NoError(t, d.Flush())
	require.NoError(t, d.Discard(10, 150))
	assert.True(t, bytes.Equal(p.data[10*512:160*512], make([]byte, 150*512)))
	assert.Equal(t, want[160*512:], p.data[160*512:])
	assert.Equal(t, []uint32{4, 11, 11}, p.seen[len(p.seen)-3:], "100 sectors at once at most")
	require.NoError(t, d.Close())
	assert.Zero(t, p.Memory.Used())
	_, err = d.ReadAt(got, 0)
	assert.ErrorIs(t, err, disk.ErrClosed)
}

// Goroutines have more under way than there are slots and pages.
func TestManyAtOnce(t *testing.T) {
	p := newPlatter()
	d := open(t, p)
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			mine, got := make([]byte, 8*512), make([]byte, 8*512)
			for round := range 100 {
				for i := range mine {
					mine[i] = byte(g + round + i)
				}
				_, err := d.WriteAt(mine, int64(g*16*512))
				assert.NoError(t, err)
				_, err = d.ReadAt(got, int64(g*16*512))
				assert.NoError(t, err)
				assert.True(t, bytes.Equal(mine, got))
			}
		})
	}
	all.Wait()
	requests, _ := d.Stats()
	assert.EqualValues(t, 16*100*2, requests)
	require.NoError(t, d.Close())
	assert.Zero(t, p.Memory.Used())
}

func TestRefused(t *testing.T) {
	p := newPlatter()
	p.set(20, 4096)
	d := open(t, p)
	page := disk.Segment{Bus: 1 << 40, Length: 512}
	for name, err := range map[string]error{
		"beyond":         d.Do(disk.Read, sectors, disk.Segment{Length: 4096}),
		"overflow":       d.Do(disk.Read, 1<<63, disk.Segment{Length: 4096}),
		"half a sector":  d.Do(disk.Read, 0, page),
		"between":        d.Do(disk.Read, 4, disk.Segment{Length: 4096}),
		"odd length":     d.Do(disk.Read, 0, disk.Segment{Length: 100}),
		"nothing":        d.Do(disk.Read, 0),
		"flush of data":  d.Do(disk.Flush, 0, page),
		"discard beyond": d.Discard(sectors-8, 16),
	} {
		assert.ErrorIs(t, err, disk.ErrRange, name)
	}
	assert.ErrorContains(t, d.Do(disk.Read, 0, make([]disk.Segment, 5)...), "bytes")
	assert.ErrorContains(t, d.Do(disk.Op(2), 0, page), "doesn't do 2")
	_, err := d.WriteAt(make([]byte, 512), 1)
	assert.ErrorIs(t, err, disk.ErrRange)
	_, err = d.ReadAt(make([]byte, 512), -512)
	assert.ErrorIs(t, err, disk.ErrRange)
	_, err = d.WriteAt(make([]byte, 4096), sectors*512)
	assert.ErrorIs(t, err, disk.ErrRange)
	assert.Empty(t, p.seen)

	p = newPlatter()
	p.Offers |= 1 << 5
	p.Offers &^= 1<<9 | 1<<13
	d = open(t, p)
	_, err = d.WriteAt(make([]byte, 512), 0)
	assert.ErrorIs(t, err, disk.ErrReadOnly)
	assert.ErrorIs(t, d.Discard(0, 1), disk.ErrReadOnly)
	assert.NoError(t, d.Flush(), "there is nothing to flush")
	assert.Empty(t, p.seen)
}

func TestAnswers(t *testing.T) {
	for _, answer := range []byte{1, 2, 3, 0xff} {
		p := newPlatter()
		p.answer = answer
		d := open(t, p)
		_, err := d.ReadAt(make([]byte, 512), 0)
		assert.ErrorIs(t, err, disk.ErrIO)
		p.answer = 0
		_, err = d.ReadAt(make([]byte, 512), 0)
		assert.NoError(t, err, "an error is one request's")
	}
}

func TestBrokenDisk(t *testing.T) {
	p := newPlatter()
	d := open(t, p)
	p.Return = func(id, written uint32) (uint32, uint32) { return id, 1 << 20 }
	_, err := d.ReadAt(make([]byte, 512), 0)
	assert.ErrorIs(t, err, virtio.ErrDevice)
	assert.Zero(t, p.Status(), "it was reset")
	assert.ErrorIs(t, d.Flush(), virtio.ErrDevice)
	require.NoError(t, d.Close())
	assert.Zero(t, p.Memory.Used())
}

func TestCloseWhileWaiting(t *testing.T) {
	p := newPlatter()
	p.keep = true
	d := open(t, p)
	ends := make(chan error)
	for range 30 {
		go func() {
			_, err := d.ReadAt(make([]byte, 16384), 0)
			ends <- err
		}()
	}
	for n := uint64(0); n < 10; {
		n, _ = d.Stats()
	}
	require.NoError(t, d.Close())
	for range 30 {
		assert.ErrorIs(t, <-ends, disk.ErrClosed)
	}
	assert.Zero(t, p.Memory.Used())
}

// A device that doesn't reset keeps the memory.
func TestStuck(t *testing.T) {
	p := newPlatter()
	d := open(t, p)
	used := p.Memory.Used()
	p.Stuck = true
	assert.ErrorIs(t, d.Close(), virtio.ErrDevice)
	assert.Equal(t, used, p.Memory.Used())
}

func TestOpenRefused(t *testing.T) {
	for name, test := range map[string]struct {
		set func(*platter)
		why string
	}{
		"sector size":  {func(p *platter) { p.set(20, 513) }, "sectors have 513 bytes"},
		"huge sectors": {func(p *platter) { p.set(20, 8192) }, "sectors have 8192 bytes"},
		"too large":    {func(p *platter) { p.set(4, 1<<31) }, "says that it has"},
		"no pieces":    {func(p *platter) { p.set(12, 0) }, "0 pieces"},
		"tiny queue":   {func(p *platter) { p.Sizes = []uint16{2} }, "a request takes 3"},
		"no queue":     {func(p *platter) { p.Sizes = nil }, "no queue 0"},
		"old":          {func(p *platter) { p.Offers &^= virtio.FeatureVersion1 }, "it lacks"},
		"restless":     {func(p *platter) { p.Restless = true }, "come to rest"},
		"no memory":    {func(p *platter) { p.Memory.Limit = 20 }, "pages to copy through"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatter()
			test.set(p)
			_, err := disk.Open(p, p.Memory)
			assert.ErrorContains(t, err, test.why)
			assert.Zero(t, p.Memory.Used())
			assert.Zero(t, p.Status()&^virtio.StatusFailed)
		})
	}
}
