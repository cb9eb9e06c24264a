package link

import (
	"io"
	"sync"
)

// conn is a connection over the line: the content of data frames.
type conn struct {
	write func(kind byte, content []byte) error

	mu      sync.Mutex
	changed sync.Cond
	arrived []byte // what has come and was not read
	err     error  // why nothing comes any more
}

func newConn(write func(byte, []byte) error) *conn {
	c := &conn{write: write}
	c.changed.L = &c.mu
	return c
}

// mostArrived is how much may wait to be read, in bytes. Whoever brings more waits, and with him the line.
const mostArrived = 64 << 10

// bring adds what came.
func (c *conn) bring(content []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.arrived) > mostArrived {
		c.changed.Wait()
	}
	if c.err == nil {
		c.arrived = append(c.arrived, content...)
	}
	c.changed.Broadcast()
}

// fail ends the connection.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	c.changed.Broadcast()
}

// Read implements io.Reader.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.arrived) == 0 && c.err == nil {
		c.changed.Wait()
	}
	if len(c.arrived) == 0 {
		return 0, c.err
	}
	n := copy(p, c.arrived)
	c.arrived = append(c.arrived[:0], c.arrived[n:]...)
	c.changed.Broadcast()
	return n, nil
}

// Write implements io.Writer.
func (c *conn) Write(p []byte) (n int, err error) {
	for n < len(p) {
		c.mu.Lock()
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return n, err
		}
		piece := min(len(p)-n, maxContent)
		if err := c.write(data, p[n:n+piece]); err != nil {
			return n, err
		}
		n += piece
	}
	return n, nil
}

// Close implements io.Closer.
func (c *conn) Close() error {
	c.fail(io.ErrClosedPipe)
	return nil
}
