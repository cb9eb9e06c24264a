package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/capture"
	"tuco/control/packet"
	"tuco/control/vswitch"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)

func now() time.Time { return start }

// frame is a frame with a number.
func frame(number, size int) packet.Frame {
	b := make([]byte, size)
	binary.BigEndian.PutUint32(b[14:], uint32(number))
	return packet.Frame{Data: b}
}

func number(data []byte) int { return int(binary.BigEndian.Uint32(data[14:])) }

// read reads a pcap file, as gopacket does.
func read(t *testing.T, file io.Reader) (numbers []int) {
	r, err := pcapgo.NewReader(file)
	require.NoError(t, err)
	require.Equal(t, layers.LinkTypeEthernet, r.LinkType())
	for {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return numbers
		}
		require.NoError(t, err)
		require.True(t, start.Equal(info.Timestamp), info.Timestamp)
		require.Equal(t, info.CaptureLength, len(data))
		require.Equal(t, info.CaptureLength, min(info.Length, int(r.Snaplen())))
		numbers = append(numbers, number(data))
	}
}

func TestDump(t *testing.T) {
	r, err := capture.New(1000, 64, now)
	require.NoError(t, err)
	for n := range 100 {
		r.Frames(vswitch.Sent, []packet.Frame{frame(2*n, 20+n), frame(2*n+1, 2000)})
		var file bytes.Buffer
		lost, err := r.Dump(&file)
		require.NoError(t, err)
		require.Zero(t, lost)
		numbers := read(t, &file)
		for i, got := range numbers { // the last ones, in order
			require.Equal(t, 2*n+2-len(numbers)+i, got)
		}
		if n > 10 {
			require.GreaterOrEqual(t, len(numbers), 1000/(16+64))
		}
	}
}

func TestStream(t *testing.T) {
	r, err := capture.New(1<<16, 64, now)
	require.NoError(t, err)
	r.Frames(vswitch.Sent, []packet.Frame{frame(0, 60)})
	ctx, cancel := context.WithCancel(t.Context())
	from, to := io.Pipe()
	var done sync.WaitGroup
	done.Go(func() {
		lost, err := r.Stream(ctx, to)
		assert.NoError(t, err)
		assert.Zero(t, lost)
		_ = to.Close()
	})
	file, err := pcapgo.NewReader(from)
	require.NoError(t, err)
	for n := range 300 {
		data, _, err := file.ReadPacketData()
		require.NoError(t, err)
		require.Equal(t, n, number(data))
		r.Frames(vswitch.Received, []packet.Frame{frame(n+1, 100)})
	}
	cancel()
	_, _ = io.Copy(io.Discard, from)
	done.Wait()
}

// TestSlow: a reader that is too slow loses frames, and knows how many. The port doesn't wait.
func TestSlow(t *testing.T) {
	r, err := capture.New(100*(16+60), 60, now)
	require.NoError(t, err)
	r.Frames(vswitch.Sent, []packet.Frame{frame(0, 60), frame(1, 60)})
	ctx, cancel := context.WithCancel(t.Context())
	from, to := io.Pipe()
	var lost uint64
	var done sync.WaitGroup
	done.Go(func() {
		var err error
		lost, err = r.Stream(ctx, to)
		assert.NoError(t, err)
		_ = to.Close()
	})
	file, err := pcapgo.NewReader(from)
	require.NoError(t, err)
	for n := 2; n < 1000; n++ {
		r.Frames(vswitch.Sent, []packet.Frame{frame(n, 60)})
	}
	got, last := 0, -1
	for last != 999 {
		data, _, err := file.ReadPacketData()
		require.NoError(t, err)
		require.Greater(t, number(data), last)
		last = number(data)
		got++
	}
	cancel()
	_, _ = io.Copy(io.Discard, from)
	done.Wait()
	assert.LessOrEqual(t, got, 102)
	assert.EqualValues(t, 1000-got, lost)
}

type broken struct{ room int }

func (b *broken) Write(p []byte) (int, error) {
	if b.room--; b.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestErrors(t *testing.T) {
	for _, c := range [][2]int{{100, 13}, {1 << 20, 65536}, {79, 64}, {1<<28 + 1, 64}, {-1, 64}, {1000, -1}, {65550, 0}} {
		_, err := capture.New(c[0], c[1], now)
		assert.ErrorContains(t, err, "use", c)
	}
	r, err := capture.New(1<<17, 0, now)
	require.NoError(t, err)
	r.Frames(vswitch.Sent, []packet.Frame{frame(0, packet.MaxFrame)})
	for n := range 3 {
		_, err := r.Dump(&broken{room: n})
		assert.ErrorContains(t, err, "short write", n)
		_, err = r.Stream(t.Context(), &broken{room: n})
		assert.ErrorContains(t, err, "short write", n)
	}
}

func TestNoAllocation(t *testing.T) {
	r, err := capture.New(1<<17, 128, now)
	require.NoError(t, err)
	frames := []packet.Frame{frame(0, 1500), frame(1, 60)}
	assert.Zero(t, testing.AllocsPerRun(10000, func() { r.Frames(vswitch.Sent, frames) }))
}
