package main

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory is a disk that forgets, at a power cut, what was not flushed.
type memory struct {
	mu           sync.Mutex
	now, durable []byte
}

func newMemory(blocks int) *memory {
	return &memory{now: make([]byte, blocks*block), durable: make([]byte, blocks*block)}
}

func (m *memory) Size() int64 { return int64(len(m.now)) }

func (m *memory) ReadAt(p []byte, at int64) (int, error) { return m.copy(p, m.now[at:]) }

func (m *memory) WriteAt(p []byte, at int64) (int, error) { return m.copy(m.now[at:], p) }

func (m *memory) Flush() error {
	_, err := m.copy(m.durable, m.now)
	return err
}

func (m *memory) copy(to, from []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copy(to, from), nil
}

func (m *memory) powerCut() { copy(m.now, m.durable) }

func TestCheck(t *testing.T) {
	const blocks = 200
	d := newMemory(blocks)
	last, err := check(d, nil)
	require.NoError(t, err)
	assert.Zero(t, last, "an empty disk")
	for round := uint64(1); round <= 5; round++ {
		require.NoError(t, writeRound(d, round))
	}
	d.powerCut()
	last, err = check(d, []span{{1, 5}})
	require.NoError(t, err)
	assert.EqualValues(t, 5, last)

	// Half a round more does no harm; a round that is missing does, and so do other bytes.
	e := extentsOf(6, blocks)[0]
	p := make([]byte, block)
	fill(p, 6, e.first)
	copy(d.now[e.first*block:], p[:sector])
	last, err = check(d, []span{{1, 5}})
	require.NoError(t, err)
	assert.EqualValues(t, 6, last)
	_, err = check(d, []span{{1, 7}})
	assert.ErrorContains(t, err, "was flushed")
	d.powerCut()
	for at := range []int{0, 8, 100, sector} {
		where := extentsOf(5, blocks)[1].first*block + at
		d.now[where] ^= 1
		_, err = check(d, []span{{1, 5}})
		assert.Error(t, err, "byte %d", at)
		d.now[where] ^= 1
	}
}

// A round that was cut off is in no span, and its number is not used again.
func TestSpans(t *testing.T) {
	spans, err := parseSpans("1-3,7-9")
	require.NoError(t, err)
	assert.Equal(t, []span{{1, 3}, {7, 9}}, spans)
	for _, bad := range []string{"", "1", "1-", "a-b", "1-2,"} {
		_, err := parseSpans(bad)
		assert.Error(t, err, "%q", bad)
	}
	last := required(spans, 50)
	assert.NotContains(t, last, uint64(5))
	assert.Contains(t, last, uint64(9))
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"flushed=1-2", "address=10.77.0.3/24", "fetch=http://10.77.0.2/"})
	require.NoError(t, err)
	assert.Equal(t, options{[]span{{1, 2}}, "10.77.0.3/24", "http://10.77.0.2/"}, o)
	for _, words := range [][]string{{"fetch=http://10.77.0.2/"}, {"flushed=x"}, {"nonsense"}} {
		_, err := parse(words)
		assert.Error(t, err, "%q", words)
	}
}
