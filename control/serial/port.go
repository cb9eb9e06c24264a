package serial

import (
	"errors"
	"io"
	"sync"
)

// ErrAbsent says that there is no serial port at an address.
var ErrAbsent = errors.New("there is no serial port")

// IO is a machine's I/O ports.
type IO interface {
	In(port uint16, width int) uint32
	Out(port uint16, width int, value uint32)
}

// bufferSize is how much may wait in each direction, in bytes.
const bufferSize = 64 << 10

// Port is a serial port. It is an io.ReadWriteCloser. One goroutine may read while another writes.
type Port struct {
	io   IO
	base uint16

	mu       sync.Mutex
	changed  sync.Cond
	received buffer
	sending  buffer
	enabled  uint32 // interrupts
	closed   bool
}

// Open begins to drive a port. It fails with ErrAbsent where there is none.
func Open(ports IO, base uint16) (*Port, error) {
	p := &Port{io: ports, base: base}
	p.changed.L = &p.mu
	for _, pattern := range []uint32{0x5a, 0xa5} {
		p.out(scratch, pattern)
		if p.in(scratch) != pattern {
			return nil, ErrAbsent
		}
	}
	p.out(interruptEnable, 0)
	p.out(lineControl, lineDivisor)
	p.out(data, 1) // 115200 baud
	p.out(interruptEnable, 0)
	p.out(lineControl, lineEight)
	p.out(fifoControl, fifoEnable|fifoClear|fifoEight)
	p.out(modemControl, modemReady|modemConnect)
	p.mu.Lock()
	p.enable()
	p.mu.Unlock()
	return p, nil
}

func (p *Port) in(register uint16) uint32         { return p.io.In(p.base+register, 1) }
func (p *Port) out(register uint16, value uint32) { p.io.Out(p.base+register, 1, value) }

// enable turns on the interrupts that there is use for. The lock is held.
func (p *Port) enable() {
	var wanted uint32
	if !p.closed && p.received.room() >= fifo {
		wanted |= enableReceived
	}
	if p.sending.len() > 0 {
		wanted |= enableRoom
	}
	if wanted != p.enabled {
		p.enabled = wanted
		p.out(interruptEnable, wanted)
	}
}

// Interrupted does what the port has interrupted for. It is called after an interrupt; also for nothing. It leaves no reason: as long as there is one the line
// stays up, and has no edge for the next.
func (p *Port) Interrupted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for idle := 0; idle < patience; {
		idle++
		if p.in(identification)&identNone == 0 && p.serve() {
			idle = 0
		}
	}
	p.changed.Broadcast()
}

// patience is how often in a row the port is looked at in vain before it is left. More is about to come, as a rule, and to be interrupted for each
// few bytes takes longer; and a port that always has a reason and never anything to do is none.
const patience = 200

// serve moves what can be moved. It tells whether that was anything.
func (p *Port) serve() (some bool) {
	status := p.in(lineStatus)
	for status&statusReceived != 0 && p.received.room() > 0 {
		p.received.put(byte(p.in(data)))
		status = p.in(lineStatus)
		some = true
	}
	if status&statusRoom != 0 {
		for range min(fifo, p.sending.len()) {
			p.out(data, uint32(p.sending.take()))
			some = true
		}
	}
	p.enable()
	return some
}

// Read implements io.Reader. The error is io.EOF after Close.
func (p *Port) Read(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.received.len() == 0 && !p.closed {
		p.changed.Wait()
	}
	if p.received.len() == 0 {
		return 0, io.EOF
	}
	for n < len(b) && p.received.len() > 0 {
		b[n] = p.received.take()
		n++
	}
	p.enable()
	return n, nil
}

// Write implements io.Writer. It returns when all has been taken into the buffer; the error is io.ErrClosedPipe after Close.
func (p *Port) Write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n < len(b) {
		for p.sending.room() == 0 && !p.closed {
			p.changed.Wait()
		}
		if p.closed {
			return n, io.ErrClosedPipe
		}
		for n < len(b) && p.sending.room() > 0 {
			p.sending.put(b[n])
			n++
		}
		p.enable() // which interrupts at once if there is room
	}
	return n, nil
}

// Drain returns when all that was written has been given to the device, or the port is closed.
func (p *Port) Drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.sending.len() > 0 && !p.closed {
		p.changed.Wait()
	}
}

// Close ends reading and writing. What was written is still sent, as long as somebody calls Interrupted.
func (p *Port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.enable()
	p.changed.Broadcast()
	return nil
}
