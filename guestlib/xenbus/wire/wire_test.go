package wire_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/evtchn/evtchntest"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/xenstore"
)

func pair(t *testing.T) (domain, daemon *wire.Conn, page *xenstore.Page) {
	page = new(xenstore.Page)
	a, b := evtchntest.Pair()
	domain, daemon = wire.Domain(page, a), wire.Daemon(page, b)
	t.Cleanup(func() { domain.Close(); daemon.Close() })
	return domain, daemon, page
}

// Messages of all sizes go both ways at once, through rings that are smaller.
func TestMessages(t *testing.T) {
	domain, daemon, _ := pair(t)
	const messages = 300
	body := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, (i*397)%(hypercall.XENSTORE_PAYLOAD_MAX+1)) }
	go func() { // the daemon returns what comes
		for {
			m, err := wire.Read(daemon)
			if err != nil {
				return
			}
			m.Tx++
			if wire.Write(daemon, m) != nil {
				return
			}
		}
	}()
	go func() {
		for i := range messages {
			if err := wire.Write(domain, wire.Message{Type: uint32(i % 7), Req: uint32(i), Tx: 5, Body: body(i)}); err != nil {
				t.Error(err)
			}
		}
	}()
	for i := range messages {
		m, err := wire.Read(domain)
		require.NoError(t, err)
		require.Equal(t, wire.Message{Type: uint32(i % 7), Req: uint32(i), Tx: 6, Body: body(i)}, m)
	}
}

func TestTooLong(t *testing.T) {
	require.ErrorIs(t, wire.Write(io.Discard, wire.Message{Body: make([]byte, 4097)}), wire.ErrTooLong)
	require.NoError(t, wire.Write(io.Discard, wire.Message{Body: make([]byte, 4096)}))
	for _, size := range []string{"\x01\x10\x00\x00", "\xff\xff\xff\xff"} {
		_, err := wire.Read(strings.NewReader(strings.Repeat("\x00", 12) + size + strings.Repeat("x", 5000)))
		require.ErrorIs(t, err, wire.ErrTooLong)
	}
	_, err := wire.Read(strings.NewReader("short"))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestTexts(t *testing.T) {
	require.Equal(t, "a\x00\x00bc\x00", string(wire.Join("a", "", "bc")))
	require.Equal(t, []string{"a", "", "bc"}, wire.Split(wire.Join("a", "", "bc")))
	require.Equal(t, []string{"a", "b"}, wire.Split([]byte("a\x00b")))
	require.Equal(t, []string{""}, wire.Split(wire.Join("")))
	require.Empty(t, wire.Split(nil))
	require.Empty(t, wire.Join())
}

// An index that can't be ends reading and writing, and does not bring them to loop.
func TestImpossibleIndices(t *testing.T) {
	for range 200 {
		domain, _, page := pair(t)
		atomic.StoreUint32(&page.RspProd, xenstore.RingSize+1+rand.Uint32N(1<<31-1))
		_, err := domain.Read(make([]byte, 10))
		require.ErrorIs(t, err, ring.ErrIndex)
		atomic.StoreUint32(&page.ReqCons, 1+rand.Uint32N(1<<31))
		_, err = domain.Write(make([]byte, 10))
		require.ErrorIs(t, err, ring.ErrIndex)
	}
}

func TestClose(t *testing.T) {
	domain, _, _ := pair(t)
	result := make(chan error, 2)
	go func() { _, err := domain.Read(make([]byte, 1)); result <- err }()
	go func() { _, err := domain.Write(make([]byte, 2000)); result <- err }()
	time.Sleep(5 * time.Millisecond)
	require.NoError(t, domain.Close())
	for range 2 {
		require.ErrorIs(t, <-result, io.ErrClosedPipe)
	}
	require.ErrorIs(t, domain.Close(), io.ErrClosedPipe)
}
