package xenbus

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// Errors.
var (
	ErrClosed   = errors.New("the connection to the store is closed")
	ErrReset    = errors.New("the connection to the store was made anew, and the request may or may not have been done")
	ErrProtocol = errors.New("the store's daemon does not keep to the protocol")
)

// A Store is a connection to the store. Its methods may be called by several goroutines at once.
type Store struct {
	ops // outside of any transaction

	writing sync.Mutex // one message at a time

	lock    sync.Mutex
	conn    io.ReadWriteCloser
	failed  error // why there is no connection any more
	held    bool  // the domain is being saved: that the connection fails means nothing
	missed  error // that it has, meanwhile
	last    uint32
	pending map[uint32]request
	watches map[string]*Watch // by their token
	tokens  uint64
}

// A request waits for its reply.
type request struct {
	kind  uint32
	reply chan<- result
}

type result struct {
	body []byte
	err  error
}

// New is a store that is reached by a connection, such as a wire.Conn, which it closes.
func New(conn io.ReadWriteCloser) *Store {
	s := &Store{conn: conn, pending: map[uint32]request{}, watches: map[string]*Watch{}}
	s.ops = ops{store: s}
	go s.receive(conn)
	return s
}

// Close ends the connection: all that wait fail with ErrClosed.
func (s *Store) Close() error {
	s.fail(nil, ErrClosed)
	return nil
}

// ask sends a request and waits for the reply.
func (s *Store) ask(kind, tx uint32, body []byte) ([]byte, error) {
	if len(body) > hypercall.XENSTORE_PAYLOAD_MAX {
		return nil, wire.ErrTooLong
	}
	s.writing.Lock()
	s.lock.Lock()
	if err := s.failed; err != nil {
		s.lock.Unlock()
		s.writing.Unlock()
		return nil, err
	}
	conn, reply := s.conn, make(chan result, 1)
	s.last++
	number := s.last
	s.pending[number] = request{kind, reply}
	s.lock.Unlock()
	err := wire.Write(conn, wire.Message{Type: kind, Req: number, Tx: tx, Body: body})
	s.writing.Unlock()
	if err != nil {
		s.fail(conn, err)
	}
	r := <-reply
	return r.body, r.err
}

// receive takes what comes by a connection.
func (s *Store) receive(conn io.ReadWriteCloser) {
	for {
		m, err := wire.Read(conn)
		if err == nil {
			err = s.take(conn, m)
		}
		if err != nil {
			s.fail(conn, err)
			return
		}
	}
}

// take gives a message to whom it is for.
func (s *Store) take(conn io.ReadWriteCloser, m wire.Message) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.conn != conn {
		return ErrReset
	}
	if m.Type == hypercall.XS_WATCH_EVENT {
		texts := wire.Split(m.Body)
		if len(texts) < 2 {
			return fmt.Errorf("%w: a watch's event has %d texts", ErrProtocol, len(texts))
		}
		if w := s.watches[texts[1]]; w != nil { // else it has just been given up
			w.add(texts[0])
		}
		return nil
	}
	r, ok := s.pending[m.Req]
	switch {
	case !ok:
		return fmt.Errorf("%w: a reply to request %d, which does not wait for one", ErrProtocol, m.Req)
	case m.Type == hypercall.XS_ERROR:
		r.reply <- result{err: errorOf(m.Body)}
	case m.Type != r.kind:
		return fmt.Errorf("%w: a reply of type %d to a request of type %d", ErrProtocol, m.Type, r.kind)
	default:
		r.reply <- result{body: m.Body}
	}
	delete(s.pending, m.Req)
	return nil
}

// fail ends a connection, if it is the current one or none is named.
func (s *Store) fail(conn io.ReadWriteCloser, reason error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.failed != nil || conn != nil && conn != s.conn {
		return
	}
	if s.held && conn != nil {
		s.missed = reason
		return
	}
	s.failed = reason
	s.conn.Close()
	s.refuse(reason)
	for _, w := range s.watches {
		w.end(reason)
	}
	clear(s.watches)
}

// refuse fails all requests that wait.
func (s *Store) refuse(reason error) {
	for _, r := range s.pending {
		r.reply <- result{err: reason}
	}
	clear(s.pending)
}

// Reconnect goes on by a new connection, after the domain was saved or because the old one has failed. The daemon is told to
// forget watches that it may remember; those of this store are set again. Watches that ended with a failed connection stay so.
func (s *Store) Reconnect(conn io.ReadWriteCloser) error {
	s.lock.Lock()
	s.conn.Close()
	s.conn, s.failed, s.held, s.missed = conn, nil, false, nil
	s.refuse(ErrReset)
	watches := make([]*Watch, 0, len(s.watches))
	for _, w := range s.watches {
		watches = append(watches, w)
	}
	s.lock.Unlock()
	go s.receive(conn)
	if _, err := s.ask(hypercall.XS_RESET_WATCHES, 0, wire.Join("")); err != nil && s.broken() {
		return err // otherwise the daemon is one that does not know of this, nor needs to
	}
	for _, w := range watches {
		if _, err := s.ask(hypercall.XS_WATCH, 0, wire.Join(w.path, w.token)); err != nil {
			return err
		}
	}
	return nil
}

// closed tells whether Close was called.
func (s *Store) closed() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.failed == ErrClosed
}

// Hold says that the domain will be saved: until Reconnect or Release, a connection that fails ends neither the store nor its watches,
// and requests wait.
func (s *Store) Hold() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.held = true
}

// Release says that it was not. What has failed meanwhile has failed.
func (s *Store) Release() {
	s.lock.Lock()
	conn, missed := s.conn, s.missed
	s.held, s.missed = false, nil
	s.lock.Unlock()
	if missed != nil {
		s.fail(conn, missed)
	}
}

func (s *Store) broken() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.failed != nil
}
