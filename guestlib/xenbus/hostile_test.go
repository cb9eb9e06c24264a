package xenbus_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/evtchn/evtchntest"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/xenstore"
)

// A daemon that answers in ways that the protocol does not have ends the connection.
func TestProtocolErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		reply func(m wire.Message) wire.Message
	}{
		{"another request's number", func(m wire.Message) wire.Message { m.Req++; return m }},
		{"another type", func(m wire.Message) wire.Message { m.Type = hypercall.XS_WRITE; return m }},
		{"a watch's event with one text", func(wire.Message) wire.Message {
			return wire.Message{Type: hypercall.XS_WATCH_EVENT, Body: wire.Join("a")}
		}},
		{"an error that there is not", func(m wire.Message) wire.Message {
			return wire.Message{Type: hypercall.XS_ERROR, Req: m.Req, Body: wire.Join("EWHAT")}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			here, there := net.Pipe()
			s := xenbus.New(here)
			go func() {
				m, err := wire.Read(there)
				if err == nil {
					wire.Write(there, test.reply(m))
				}
				io.Copy(io.Discard, there)
			}()
			_, err := s.Read("a")
			require.ErrorIs(t, err, xenbus.ErrProtocol)
			s.Close()
		})
	}
}

// Lists whose parts don't end.
func TestEndlessList(t *testing.T) {
	here, there := net.Pipe()
	s := xenbus.New(here)
	defer s.Close()
	generation := byte(0)
	go func() {
		for {
			m, err := wire.Read(there)
			if err != nil {
				return
			}
			reply := wire.Message{Type: hypercall.XS_ERROR, Req: m.Req, Body: wire.Join("E2BIG")}
			if m.Type == hypercall.XS_DIRECTORY_PART {
				generation++
				reply = wire.Message{Type: m.Type, Req: m.Req, Body: wire.Join(string('a'+generation%2), "child")}
			}
			if wire.Write(there, reply) != nil {
				return
			}
		}
	}()
	_, err := s.List("a")
	require.Error(t, err)
}

func TestImpossibleIndex(t *testing.T) {
	page := new(xenstore.Page)
	a, b := evtchntest.Pair()
	s := xenbus.New(wire.Domain(page, a))
	atomic.StoreUint32(&page.RspProd, 5000)
	b.Notify()
	_, err := s.Read("a")
	require.ErrorIs(t, err, ring.ErrIndex)
}

// A daemon that writes what it likes into the page: no panic, no goroutine that goes on for ever, and everything ends with the
// connection.
func FuzzHostileDaemon(f *testing.F) {
	head := func(kind, req, size uint32, body string) []byte {
		var b []byte
		for _, v := range []uint32{kind, req, 0, size} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return append(b, body...)
	}
	f.Add(head(hypercall.XS_READ, 1, 2, "ok"), uint32(18), uint32(0))
	f.Add(head(hypercall.XS_WATCH_EVENT, 0, 4, "a\x001\x00"), uint32(20), uint32(3))
	f.Add(head(hypercall.XS_ERROR, 2, 7, "ENOENT\x00"), uint32(23), uint32(40))
	f.Add(head(hypercall.XS_READ, 1, 1<<31, ""), uint32(16), uint32(0))
	f.Add([]byte("x"), uint32(1025), uint32(0))
	f.Add([]byte("x"), uint32(1<<31), uint32(1<<31))
	f.Fuzz(func(t *testing.T, rsp []byte, prod, cons uint32) {
		page := new(xenstore.Page)
		a, b := evtchntest.Pair()
		s := xenbus.New(wire.Domain(page, a))
		var all sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for _, do := range []func(){
			func() { s.Read("a") },
			func() { s.List("b") },
			func() { s.Transact(func(tx *xenbus.Tx) error { return tx.Write("c", "d") }) },
			func() { s.Perms("e") },
			func() {
				if w, err := s.Watch("f"); err == nil {
					w.Wait(ctx)
					w.Stop()
				}
			},
		} {
			all.Go(do)
		}
		copy(page.Rsp[:], rsp)
		atomic.StoreUint32(&page.ReqCons, cons)
		atomic.StoreUint32(&page.RspProd, prod)
		b.Notify()
		time.Sleep(100 * time.Microsecond)
		cancel()
		s.Close()
		all.Wait()
	})
}
