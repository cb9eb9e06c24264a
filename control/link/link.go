package link

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

// ErrReplaced says that another program has taken the other end.
var ErrReplaced = errors.New("the other end of the line begins anew")

// line writes frames, one at a time.
type line struct {
	mu     sync.Mutex
	to     io.Writer
	buffer []byte
}

func (l *line) write(kind byte, content []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buffer = encode(l.buffer[:0], kind, content)
	_, err := l.to.Write(l.buffer)
	return err
}

// settings are those of streams. The line says nothing of its own, so nothing is asked of an idle one; and a slow one is not broken.
func settings() *yamux.Config {
	c := yamux.DefaultConfig()
	c.EnableKeepAlive = false
	c.ConnectionWriteTimeout = time.Minute
	c.StreamOpenTimeout, c.StreamCloseTimeout = time.Minute, time.Minute
	c.LogOutput = io.Discard
	return c
}

// Listener is the end that accepts. It is a net.Listener.
type Listener struct {
	line    line
	streams chan net.Conn
	done    chan struct{}
	once    sync.Once
	err     error // why there are no more; before done is closed
}

// Listen accepts connections over a line, of which there is one at a time: a new one ends the old.
func Listen(rw io.ReadWriter) *Listener {
	l := &Listener{line: line{to: rw}, streams: make(chan net.Conn), done: make(chan struct{})}
	go l.run(rw)
	return l
}

// run takes frames.
func (l *Listener) run(r io.Reader) {
	frames, buffer := bufio.NewReader(r), make([]byte, 0, maxContent+1)
	var current *conn
	for {
		kind, content, err := readFrame(frames, buffer)
		switch {
		case err == errFrame:
			if current != nil {
				current.fail(errFrame)
			}
		case err != nil:
			if current != nil {
				current.fail(err)
			}
			l.end(err)
			return
		case kind == hello && len(content) == 8:
			if current != nil {
				current.fail(ErrReplaced)
			}
			current = newConn(l.line.write)
			if err := l.line.write(answer, content); err != nil {
				l.end(err)
				return
			}
			go l.serve(current)
		case kind == data && current != nil:
			current.bring(content)
		}
	}
}

// serve accepts a connection's streams until it ends.
func (l *Listener) serve(c *conn) {
	session, err := yamux.Server(c, settings())
	if err != nil {
		c.fail(err)
		return
	}
	defer session.Close()
	for {
		stream, err := session.Accept()
		if err != nil {
			c.fail(err)
			return
		}
		select {
		case l.streams <- stream:
		case <-l.done:
			return
		}
	}
}

func (l *Listener) end(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.done)
	})
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.streams:
		return c, nil
	case <-l.done:
		return nil, l.err
	}
}

// Close implements net.Listener. It does not close the line.
func (l *Listener) Close() error {
	l.end(net.ErrClosed)
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "line" }
func (address) String() string  { return "line" }

// Dialer is the end that dials.
type Dialer struct {
	conn    *conn
	session *yamux.Session
}

// Connect begins anew with whoever listens at the other end, within some time: it says so once more every second, since the other end may not be there yet.
func Connect(rw io.ReadWriter, patience time.Duration) (*Dialer, error) {
	l := &line{to: rw}
	number := make([]byte, 8)
	if _, err := rand.Read(number); err != nil {
		return nil, err
	}
	d := &Dialer{conn: newConn(l.write)}
	answered := make(chan error, 1)
	go d.run(rw, number, answered)
	late := time.After(patience)
	for {
		if err := l.write(hello, number); err != nil {
			return nil, fmt.Errorf("begin a connection: %w", err)
		}
		select {
		case err := <-answered:
			if err != nil {
				return nil, fmt.Errorf("begin a connection: %w", err)
			}
			var failed error
			d.session, failed = yamux.Client(d.conn, settings())
			return d, failed
		case <-late:
			d.conn.fail(io.ErrClosedPipe)
			return nil, fmt.Errorf("nobody has answered at the other end of the line within %v", patience)
		case <-time.After(time.Second):
		}
	}
}

// run takes frames: first all that come before the answer, and a second answer to a second hello.
func (d *Dialer) run(r io.Reader, number []byte, answered chan<- error) {
	frames, buffer := bufio.NewReader(r), make([]byte, 0, maxContent+1)
	begun := false
	for {
		kind, content, err := readFrame(frames, buffer)
		switch {
		case err == errFrame && begun:
			d.conn.fail(errFrame)
		case err == errFrame:
		case err != nil:
			if !begun {
				answered <- err
			}
			d.conn.fail(err)
			return
		case kind == answer && bytes.Equal(content, number) && !begun:
			begun = true
			answered <- nil
		case kind == data && begun:
			d.conn.bring(content)
		}
	}
}

// Dial opens a stream.
func (d *Dialer) Dial() (net.Conn, error) { return d.session.Open() }

// Close ends all streams. It does not close the line, and what comes over it is read until its end.
func (d *Dialer) Close() error {
	err := d.session.Close()
	d.conn.fail(io.ErrClosedPipe)
	return err
}
