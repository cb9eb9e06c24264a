package writelog

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// log makes a log: entries are sector, number of sectors and flags; each sector written is filled with the entry's number, counted from 1.
func log(sure uint64, entries ...[3]uint64) []byte {
	var all []byte
	number := func(numbers ...uint64) {
		head := make([]byte, Sector)
		for i, n := range numbers {
			binary.LittleEndian.PutUint64(head[8*i:], n)
		}
		all = append(all, head...)
	}
	number(magic, version, sure, Sector)
	for i, e := range entries {
		number(e[0], e[1], e[2], e[1]*Sector)
		if e[2]&flagDiscard == 0 {
			all = append(all, bytes.Repeat([]byte{byte(i + 1)}, int(e[1]*Sector))...)
		}
	}
	return all
}

var sound = [][3]uint64{{0, 2, 0}, {1, 1, 0}, {0, 0, flagFlush}, {2, 1, 0}, {0, 4, flagDiscard}, {3, 1, 0}}

func TestCutPower(t *testing.T) {
	all, err := Parse(log(3, sound...))
	require.NoError(t, err)
	require.Len(t, all, len(sound))
	for _, c := range []struct {
		keep bool
		want []byte
	}{{true, []byte{1, 2, 4, 6}}, {false, []byte{1, 2, 0, 0}}} {
		disk := make([]byte, 4*Sector)
		behind, lost, err := CutPower(disk, all, func() bool { return c.keep })
		require.NoError(t, err)
		assert.Equal(t, 3, behind)
		assert.Equal(t, !c.keep, lost == 3)
		for i, want := range c.want {
			assert.Equal(t, want, disk[i*Sector], "sector %d", i)
		}
	}
	_, _, err = CutPower(make([]byte, Sector), all, func() bool { return true })
	assert.Error(t, err, "a disk that is too small")
}

func TestParse(t *testing.T) {
	whole := log(3, sound...)
	all, err := Parse(whole[:len(whole)-1]) // the last entry is cut off
	require.NoError(t, err)
	assert.Len(t, all, len(sound)-1)

	all, err = Parse(log(0, [3]uint64{0, 1, 0}, [3]uint64{}, [3]uint64{1, 1, 0}))
	require.NoError(t, err)
	assert.Len(t, all, 1, "what is behind a hole is not known")
	_, err = Parse(log(3, [3]uint64{0, 1, 0}, [3]uint64{}, [3]uint64{0, 0, flagFlush}))
	assert.ErrorIs(t, err, ErrHole)

	for _, empty := range [][]byte{nil, make([]byte, 4*Sector)} {
		all, err = Parse(empty)
		require.NoError(t, err)
		assert.Empty(t, all)
	}
	whole[0]++
	_, err = Parse(whole)
	assert.Error(t, err, "another magic number")
	whole[0]--
	whole[24]++
	_, err = Parse(whole)
	assert.Error(t, err, "another size of sectors")
	_, err = Parse(log(1, [3]uint64{0, 0, 1 << 20}))
	assert.Error(t, err, "unknown flags")
}
