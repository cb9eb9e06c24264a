package ring

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBytes(t *testing.T) {
	for _, at := range []uint32{0, 5, 0xffff_fffd} {
		prod, cons := at, at
		buffer := make([]byte, 8)
		p, c := Producer(buffer, &prod, &cons), Consumer(buffer, &prod, &cons)

		n, err := p.Put([]byte("0123456789"))
		require.NoError(t, err)
		assert.Equal(t, 8, n, "no more than fits")
		n, _ = p.Put([]byte("x"))
		assert.Zero(t, n)

		got := make([]byte, 5)
		n, err = c.Take(got)
		require.NoError(t, err)
		assert.Equal(t, "01234", string(got[:n]))
		n, _ = p.Put([]byte("89ab"))
		assert.Equal(t, 4, n)
		got = make([]byte, 20)
		n, _ = c.Take(got)
		assert.Equal(t, "56789ab", string(got[:n]))
		assert.Equal(t, at+12, prod)
		assert.Equal(t, at+12, cons)
	}
	assert.Panics(t, func() { Producer(make([]byte, 7), new(uint32), new(uint32)) })
	assert.Panics(t, func() { Consumer(nil, new(uint32), new(uint32)) })
}

// TestBytesJoin: an end may join late, where the other has been at work already.
func TestBytesJoin(t *testing.T) {
	prod, cons := uint32(0), uint32(0)
	buffer := make([]byte, 8)
	p := Producer(buffer, &prod, &cons)
	_, _ = p.Put([]byte("early"))
	c := Consumer(buffer, &prod, &cons)
	got := make([]byte, 8)
	n, err := c.Take(got)
	require.NoError(t, err)
	assert.Equal(t, "early", string(got[:n]))

	_, _ = p.Put([]byte("123"))
	p = Producer(buffer, &prod, &cons)
	n, err = p.Put([]byte("45678901"))
	require.NoError(t, err)
	assert.Equal(t, 5, n)
}

func TestBytesImpossibleIndices(t *testing.T) {
	for what, wrong := range map[string]uint32{"ahead of the producer": 6, "back": 2, "a ring behind": 0xffff_fff8} {
		prod, cons := uint32(0), uint32(0)
		p := Producer(make([]byte, 8), &prod, &cons)
		_, _ = p.Put([]byte("12345"))
		cons = 3
		_, err := p.Put(nil)
		require.NoError(t, err)
		cons = wrong
		_, err = p.Put([]byte("x"))
		assert.ErrorIs(t, err, ErrIndex, what)
		cons = 3
		_, err = p.Put([]byte("x"))
		assert.ErrorIs(t, err, ErrIndex, "%s: for good", what)
		assert.Equal(t, uint32(5), prod)
	}
	for what, wrong := range map[string]uint32{"more than the ring": 12, "back": 4, "before what was taken": 1} {
		prod, cons := uint32(5), uint32(3)
		c := Consumer(make([]byte, 8), &prod, &cons)
		got := make([]byte, 1)
		_, err := c.Take(got)
		require.NoError(t, err)
		prod = wrong
		if wrong == 12 {
			prod = 4 + 9
		}
		_, err = c.Take(got)
		assert.ErrorIs(t, err, ErrIndex, what)
	}
}

// TestBytesThreads sends a stream through a ring that is smaller than any of its pieces.
func TestBytesThreads(t *testing.T) {
	prod, cons := uint32(0xffff_ff00), uint32(0xffff_ff00)
	buffer := make([]byte, 64)
	want := make([]byte, 100_000)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{1}), want)
	done := make(chan []byte)
	go func() {
		c := Consumer(buffer, &prod, &cons)
		var got []byte
		piece := make([]byte, 50)
		for len(got) < len(want) {
			n, err := c.Take(piece)
			if err != nil {
				break
			}
			got = append(got, piece[:n]...)
			runtime.Gosched()
		}
		done <- got
	}()
	p := Producer(buffer, &prod, &cons)
	for rest := want; len(rest) > 0; runtime.Gosched() {
		n, err := p.Put(rest[:min(len(rest), 77)])
		require.NoError(t, err)
		rest = rest[n:]
	}
	assert.True(t, bytes.Equal(want, <-done))
}

// FuzzBytes: whatever the peer's index, no end reads or writes beyond the buffer or more than was asked.
func FuzzBytes(f *testing.F) {
	f.Add([]byte{0, 5, 1, 3, 2, 9, 3, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		prod, cons := uint32(0xffff_fff0), uint32(0xffff_fff0)
		memory := make([]byte, 32)
		p, c := Producer(memory[8:24], &prod, &cons), Consumer(memory[8:24], &prod, &cons)
		for i := 0; i+1 < len(script); i += 2 {
			piece := bytes.Repeat([]byte{0xee}, int(script[i+1]%40))
			switch script[i] % 4 {
			case 0:
				n, _ := p.Put(piece)
				require.LessOrEqual(t, n, min(len(piece), 16))
			case 1:
				n, _ := c.Take(piece)
				require.LessOrEqual(t, n, min(len(piece), 16))
			case 2:
				cons += uint32(int8(script[i+1]))
			case 3:
				prod += uint32(int8(script[i+1]))
			}
		}
		require.Equal(t, make([]byte, 8), memory[:8])
		require.Equal(t, make([]byte, 8), memory[24:])
	})
}
