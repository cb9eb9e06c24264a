package diskrows

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory is a disk that counts.
type memory struct {
	content       []byte
	reads, writes map[int]int // by their lengths
	flushes       int
}

func (m *memory) Size() int64 { return int64(len(m.content)) }

func (m *memory) Flush() error { m.flushes++; return nil }

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	m.reads[len(p)]++
	return copy(p, m.content[at:at+int64(len(p))]), nil
}

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	m.writes[len(p)]++
	return copy(m.content[at:at+int64(len(p))], p), nil
}

func TestMeasure(t *testing.T) {
	m := &memory{content: make([]byte, 5*Piece+block), reads: map[int]int{}, writes: map[int]int{}}
	var rows []string
	require.NoError(t, Measure(m, make([]byte, Piece), func(op string, n int, do func(n int) error) error {
		rows = append(rows, op)
		return do(n)
	}))
	assert.Equal(t, []string{"block: 4 KiB read", "block: 4 KiB written", "block: 1 MiB read at once", "block: 1 MiB written at once"}, rows)
	assert.Equal(t, map[int]int{block: 2000, Piece: 16}, m.reads)
	assert.Equal(t, map[int]int{block: 2000, Piece: 16 + 5}, m.writes)
	assert.Equal(t, 1, m.flushes)
	want := make([]byte, Piece)
	for i := range want {
		want[i] = byte(i)
	}
	assert.True(t, bytes.Equal(bytes.Repeat(want, 5), m.content[:5*Piece]))
	assert.ErrorContains(t, Measure(&memory{content: make([]byte, Piece)}, nil, nil), "1048576 bytes are too few: want 2 MiB")
}
