package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// badStore is a store's daemon that misbehaves at a request.
type badStore struct {
	what string
	do   func(g *guest, conn *wire.Conn, m wire.Message) error
	want string // a regular expression for what the guest has to say
}

// badStores are those.
func badStores() []badStore {
	reply := func(change func(*wire.Message)) func(*guest, *wire.Conn, wire.Message) error {
		return func(_ *guest, conn *wire.Conn, m wire.Message) error {
			m.Body = wire.Join("OK")
			change(&m)
			return wire.Write(conn, m)
		}
	}
	index := func(at func(*guest) *uint32, ahead uint32) func(*guest, *wire.Conn, wire.Message) error {
		return func(g *guest, _ *wire.Conn, _ wire.Message) error {
			atomic.AddUint32(at(g), ahead)
			return g.storeEvents.Notify()
		}
	}
	const protocol, indices = `does not keep to the protocol`, `index is impossible`
	return []badStore{
		{"answers another request", reply(func(m *wire.Message) { m.Req += 1000 }), protocol + `: a reply to request \d+, which does not wait`},
		{"answers with another type", reply(func(m *wire.Message) { m.Type++ }), protocol + `: a reply of type`},
		{"answers with an error that is none", reply(func(m *wire.Message) { m.Type, m.Body = hypercall.XS_ERROR, wire.Join("EWHAT") }), protocol},
		{"tells of a change of nothing", reply(func(m *wire.Message) { m.Type, m.Body = hypercall.XS_WATCH_EVENT, wire.Join("a") }), protocol + `: a watch's event has 1 text`},
		{"answers without end", endless, `too long|protocol`},
		{"moves the answers' index", index(func(g *guest) *uint32 { return &g.store.RspProd }, 5000), indices},
		{"moves the answers' index back", index(func(g *guest) *uint32 { return &g.store.RspProd }, 1<<31), indices},
		{"moves the requests' index", func(g *guest, conn *wire.Conn, m wire.Message) error {
			atomic.AddUint32(&g.store.ReqCons, 3000)
			m.Body = wire.Join("OK") // or the guest would make no more requests
			return wire.Write(conn, m)
		}, indices},
	}
}

// endless answers with a head that says that two gigabytes follow.
func endless(_ *guest, conn *wire.Conn, m wire.Message) error {
	const size = 1 << 31
	head := make([]byte, 0, 16)
	for _, v := range [...]uint32{m.Type, m.Req, m.Tx, size} {
		head = binary.LittleEndian.AppendUint32(head, v)
	}
	_, err := conn.Write(head)
	return err
}

// serve answers as it should, but for the second request, until the connection ends.
func (b *badStore) serve(g *guest, conn *wire.Conn) error {
	for n := 0; ; n++ {
		m, err := wire.Read(conn)
		if err != nil {
			return nil
		}
		if n == 1 {
			err = b.do(g, conn, m)
		} else {
			m.Body = wire.Join("OK")
			err = wire.Write(conn, m)
		}
		if err != nil {
			return err
		}
	}
}

// stores has guests use hostile stores, each another one. A guest without a store goes on.
func (m *machine) stores() error {
	for _, bad := range badStores() {
		g, err := m.make("store")
		if err != nil {
			return err
		}
		written, ignore := m.attend(g)
		conn := wire.Daemon(g.store, g.storeEvents)
		did := make(chan error, 1)
		go func() { did <- bad.serve(g, conn) }()
		err = g.run()
		conn.Close()
		if err = errors.Join(err, <-did); err != nil {
			return fmt.Errorf("%s: %w", bad.what, err)
		}
		ignore()
		if err := g.destroy(); err != nil {
			return err
		}
		if !regexp.MustCompile(`wary: the store: .*(` + bad.want + `)`).MatchString(written.String()) {
			return fmt.Errorf("%s: the guest has not said %q: %q", bad.what, bad.want, written)
		}
		fmt.Printf("hostile: the store %s: the guest goes on\n", bad.what)
	}
	return nil
}
