package pack_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/pack"
)

// content is like a kernel: it says much the same again and again, and has zeros.
func content(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		if k>>12%3 != 2 {
			b[k] = byte(k ^ k>>8*7)
		}
	}
	return b
}

func TestPack(t *testing.T) {
	for _, n := range []int{0, 1, 4096, 5 << 20} {
		want := content(n)
		packed := pack.Pack(want)
		file := bytes.NewReader(packed)
		require.True(t, pack.Is(file))
		r, err := pack.NewReader(file, file.Size())
		require.NoError(t, err)
		require.EqualValues(t, n, r.Size())
		require.NoError(t, iotest.TestReader(r, want))
		require.NoError(t, r.Rewind())
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
	assert.Less(t, len(pack.Pack(content(5<<20))), 2<<20)
}

func TestOthers(t *testing.T) {
	for _, other := range []string{"", "tuco", "\x7fELF and so on", "\x28\xb5\x2f\xfd: Zstandard"} {
		assert.False(t, pack.Is(bytes.NewReader([]byte(other))), other)
	}
}

// A file that is damaged is refused at its beginning, or at the latest at its end.
func TestDamaged(t *testing.T) {
	want := content(300_000)
	good := pack.Pack(want)
	larger, huge := bytes.Clone(good), bytes.Clone(good)
	binary.LittleEndian.PutUint64(larger[8:], 300_001)
	binary.LittleEndian.PutUint64(huge[8:], pack.MaxSize+1)
	smaller := bytes.Clone(good)
	binary.LittleEndian.PutUint64(smaller[8:], 299_999)
	changed := bytes.Clone(good)
	changed[len(changed)-6] ^= 1
	for name, file := range map[string][]byte{
		"nothing": nil, "the header alone": good[:16], "cut": good[:len(good)-1], "larger": larger, "smaller": smaller, "huge": huge, "changed": changed,
	} {
		_, err := unpack(file)
		assert.ErrorIs(t, err, pack.ErrDamaged, name)
	}
}

func unpack(file []byte) ([]byte, error) {
	r, err := pack.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// FuzzReader: whatever a file has, it is unpacked or refused, and never longer than it says.
func FuzzReader(f *testing.F) {
	for _, n := range []int{0, 10, 5000} {
		f.Add(pack.Pack(content(n)))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) >= 16 && binary.LittleEndian.Uint64(file[8:]) > 1<<20 {
			return // it may be as long
		}
		if got, err := unpack(file); err == nil {
			require.EqualValues(t, binary.LittleEndian.Uint64(file[8:]), len(got))
		}
	})
}
