package serial

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// uart is a 16550. What is sent goes to out, as fast as the test lets it; what comes is taken from in while there is room for it.
type uart struct {
	mu       sync.Mutex
	port     *Port
	received []byte // in the FIFO
	sent     []byte // in the FIFO
	out      []byte
	enabled  uint32
	lcr, mcr uint32
	pattern  uint32
	room     bool // the reason "room" is pending
	high     bool // the line is up; it interrupts when it goes up
	edges    int
	during   func(register uint16) // called before a register is read
	absent   bool
	lost     int
}

func (u *uart) In(port uint16, _ int) uint32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer u.level()
	if u.during != nil {
		u.during(port - COM2)
	}
	if u.absent {
		return 0xff
	}
	switch port - COM2 {
	case data:
		if len(u.received) == 0 {
			return 0
		}
		c := u.received[0]
		u.received = u.received[1:]
		return uint32(c)
	case identification:
		switch {
		case u.enabled&enableReceived != 0 && len(u.received) > 0:
			return 4
		case u.enabled&enableRoom != 0 && u.room:
			u.room = false
			return 2
		}
		return identNone
	case lineStatus:
		status := uint32(0)
		if len(u.received) > 0 {
			status |= statusReceived
		}
		if len(u.sent) == 0 {
			status |= statusRoom
		}
		return status
	case scratch:
		return u.pattern
	}
	panic(port)
}

func (u *uart) Out(port uint16, _ int, value uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer u.level()
	switch port - COM2 {
	case data:
		if u.lcr&lineDivisor != 0 {
			return
		}
		if len(u.sent) == fifo {
			u.lost++
			return
		}
		u.sent = append(u.sent, byte(value))
		u.room = false
	case interruptEnable:
		if u.lcr&lineDivisor != 0 {
			return
		}
		u.enabled = value
		if value&enableRoom != 0 && len(u.sent) == 0 {
			u.room = true
		}
	case lineControl:
		u.lcr = value
	case modemControl:
		u.mcr = value
	case scratch:
		u.pattern = value
	case fifoControl:
	default:
		panic(port)
	}
}

// step is some time of the line's: what was sent leaves, and what is there comes. It returns what did not come.
func (u *uart) step(coming []byte) []byte {
	u.mu.Lock()
	u.out = append(u.out, u.sent...)
	if len(u.sent) > 0 {
		u.room = true
	}
	u.sent = u.sent[:0]
	n := min(len(coming), fifo-len(u.received))
	u.received = append(u.received, coming[:n]...)
	u.level()
	interrupt := u.edges > 0
	u.edges = 0
	u.mu.Unlock()
	if interrupt {
		u.port.Interrupted()
	}
	return coming[n:]
}

// level sets the line, after anything has changed.
func (u *uart) level() {
	high := u.enabled&enableReceived != 0 && len(u.received) > 0 || u.enabled&enableRoom != 0 && u.room
	if high && !u.high {
		u.edges++
	}
	u.high = high
}

func open(t *testing.T) (*uart, *Port) {
	u := &uart{}
	p, err := Open(u, COM2)
	require.NoError(t, err)
	u.port = p
	return u, p
}

func TestBothWays(t *testing.T) {
	u, p := open(t)
	assert.EqualValues(t, lineEight, u.lcr)
	assert.EqualValues(t, modemReady|modemConnect, u.mcr)
	coming, going := make([]byte, 300_000), make([]byte, 300_000)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(coming)
	_, _ = random.Read(going)
	var all sync.WaitGroup
	all.Go(func() {
		n, err := p.Write(going)
		assert.NoError(t, err)
		assert.Equal(t, len(going), n)
	})
	var got []byte
	all.Go(func() {
		b := make([]byte, 1000)
		for len(got) < len(coming) {
			n, err := p.Read(b)
			assert.NoError(t, err)
			got = append(got, b[:n]...)
		}
	})
	all.Go(func() {
		p.Drain() // perhaps before anything was written
	})
	rest := coming
	for len(rest) > 0 || len(u.out) < len(going) {
		rest = u.step(rest)
	}
	all.Wait()
	p.Drain()
	assert.True(t, bytes.Equal(coming, got))
	assert.True(t, bytes.Equal(going, u.out))
	assert.Zero(t, u.lost)
}

// Bytes come at any moment: between the look at the status and the look at the reason too, when the line stays up and there is no other edge.
func TestAtAnyMoment(t *testing.T) {
	u, p := open(t)
	random := rand.New(rand.NewPCG(5, 6))
	coming := make([]byte, 20_000)
	for i := range coming {
		coming[i] = byte(i)
	}
	rest := coming
	u.during = func(uint16) {
		if len(rest) > 0 && len(u.received) < fifo && random.IntN(8) == 0 {
			u.received, rest = append(u.received, rest[0]), rest[1:]
			u.level()
		}
	}
	var got []byte
	read := func() {
		if n := p.received.len(); n > 0 {
			b := make([]byte, n)
			_, err := io.ReadFull(p, b)
			require.NoError(t, err)
			got = append(got, b...)
		}
	}
	for len(rest) > 0 {
		if random.IntN(2) == 0 {
			_, err := p.Write(make([]byte, 1+random.IntN(20)))
			require.NoError(t, err)
		}
		u.step(nil)
		read()
	}
	u.step(nil)
	read()
	require.Equal(t, len(coming), len(got))
	assert.True(t, bytes.Equal(coming, got))
}

// While nobody reads, what comes waits on the line.
func TestNobodyReads(t *testing.T) {
	u, p := open(t)
	coming := make([]byte, bufferSize+1000)
	rest := coming
	for range bufferSize {
		rest = u.step(rest)
	}
	assert.InDelta(t, 1000, len(rest), 2*fifo)
	n, err := io.ReadFull(p, make([]byte, bufferSize))
	for err == nil && len(rest) > 0 {
		rest = u.step(rest)
		var more int
		if more, err = p.Read(make([]byte, 100)); err == nil {
			n += more
		}
	}
	require.NoError(t, err)
	assert.InDelta(t, len(coming), n, fifo)
	assert.Empty(t, rest)
}

func TestClose(t *testing.T) {
	u, p := open(t)
	_, err := p.Write([]byte("last words"))
	require.NoError(t, err)
	ended := make(chan error)
	go func() { _, err := p.Read(make([]byte, 1)); ended <- err }()
	require.NoError(t, p.Close())
	assert.ErrorIs(t, <-ended, io.EOF)
	_, err = p.Write([]byte("more"))
	assert.ErrorIs(t, err, io.ErrClosedPipe)
	for range 3 {
		u.step(nil)
	}
	assert.Equal(t, "last words", string(u.out))
}

func TestAbsent(t *testing.T) {
	_, err := Open(&uart{absent: true}, COM2)
	assert.ErrorIs(t, err, ErrAbsent)
}

// An interrupt that somebody else's device has made, or none.
func TestSpurious(t *testing.T) {
	u, p := open(t)
	p.Interrupted()
	u.received = []byte("x")
	u.enabled = 0
	p.Interrupted()
	assert.Zero(t, p.received.len())
}
