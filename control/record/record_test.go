package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/disks"
	"tuco/control/record"
	"tuco/control/volume"
)

func load(t *testing.T, d record.Disk) (*record.Record, string) {
	t.Helper()
	r := record.On(d)
	text, err := r.Load()
	require.NoError(t, err)
	return r, string(text)
}

func TestSaveAndLoad(t *testing.T) {
	volumes, _, err := disks.Open(disks.NewRAM(64 << 20))
	require.NoError(t, err)
	r, err := record.Open(volumes, "@record")
	require.NoError(t, err)
	text, err := r.Load()
	require.NoError(t, err)
	assert.Nil(t, text)
	_, err = record.Open(volumes, "@record")
	assert.ErrorIs(t, err, volume.ErrBusy)
	for n := range 5 {
		require.NoError(t, r.Save(fmt.Appendf(nil, "document %d", n)))
	}
	assert.ErrorContains(t, r.Save(make([]byte, record.Max+1)), "destroy guests")
	v, err := volumes.OpenVolume("@record", true)
	assert.ErrorIs(t, err, volume.ErrBusy, "%v", v)
}

// On a full disk guests still come off the record, and others on it.
func TestFullDisk(t *testing.T) {
	for saved := range 3 {
		volumes, _, err := disks.Open(disks.NewRAM(32 << 20))
		require.NoError(t, err)
		r, err := record.Open(volumes, "@record")
		require.NoError(t, err)
		for range saved {
			require.NoError(t, r.Save([]byte("before")))
		}
		require.NoError(t, volumes.Create("data", 1<<30))
		v, err := volumes.OpenVolume("data", false)
		require.NoError(t, err)
		for off := int64(0); err == nil; off += volume.ExtentSize {
			_, err = v.WriteAt(bytes.Repeat([]byte{1}, volume.ExtentSize), off)
		}
		require.ErrorIs(t, err, volume.ErrFull)
		for n := range 5 {
			require.NoError(t, r.Save(bytes.Repeat([]byte{byte('0' + n)}, 60_000)), "saved %d before, document %d", saved, n)
		}
	}
}

// A cut is a disk that loses what it was to write from some byte on, as at a power cut.
type cut struct {
	*disks.RAM
	left int // bytes that are written yet
}

var errCut = errors.New("the power is cut")

func (c *cut) WriteAt(p []byte, off int64) (int, error) {
	n := min(len(p), c.left) / volume.Sector * volume.Sector
	c.left -= n
	if _, err := c.RAM.WriteAt(p[:n], off); err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, errCut
	}
	return n, nil
}

// Whatever part of a document comes to the disk, the one before is there, or the new one as a whole.
func TestPowerCut(t *testing.T) {
	size := int64(2 * (record.Max + volume.Sector))
	for saved := range 4 {
		for left := 0; left <= 8<<10; left += volume.Sector {
			disk := disks.NewRAM(size)
			r, _ := load(t, disk)
			want := ""
			for n := range saved {
				want = fmt.Sprint(n, string(bytes.Repeat([]byte{byte('a' + n)}, 5000+n*700)))
				require.NoError(t, r.Save([]byte(want)))
			}
			next := string(bytes.Repeat([]byte("next"), 1000))
			broken := record.On(&cut{disk, left})
			_, err := broken.Load()
			require.NoError(t, err)
			err = broken.Save([]byte(next))
			r, got := load(t, disk)
			if err == nil {
				assert.Equal(t, next, got)
			} else {
				assert.Equal(t, want, got, "saved %d, %d bytes of the next", saved, left)
			}
			require.NoError(t, r.Save([]byte("after")))
			_, got = load(t, disk)
			assert.Equal(t, "after", got)
		}
	}
}

// Any byte that changes costs the newest document at most, and is never taken for one.
func TestDamage(t *testing.T) {
	disk := disks.NewRAM(2 * (record.Max + volume.Sector))
	r, _ := load(t, disk)
	require.NoError(t, r.Save([]byte("the first")))
	require.NoError(t, r.Save([]byte("the second"))) // at place 0
	for at := range int64(volume.Sector + 10) {
		if at >= 56 && at < volume.Sector {
			continue // nothing stands there
		}
		flip(t, disk, at)
		_, got := load(t, disk)
		assert.Equal(t, "the first", got, "byte %d", at)
		flip(t, disk, at)
	}
	flip(t, disk, 20)
	flip(t, disk, 20+record.Max+volume.Sector)
	_, err := record.On(disk).Load()
	assert.ErrorIs(t, err, record.ErrDamaged)
}

func flip(t *testing.T, d interface {
	io.ReaderAt
	io.WriterAt
}, at int64) {
	t.Helper()
	sector, within := make([]byte, volume.Sector), at%volume.Sector
	_, err := d.ReadAt(sector, at-within)
	require.NoError(t, err)
	sector[within] ^= 0xff
	_, err = d.WriteAt(sector, at-within)
	require.NoError(t, err)
}
