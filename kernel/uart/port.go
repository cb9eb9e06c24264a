package uart

// Registers, as offsets from the port's base.
const (
	regData    = 0 // receive and transmit; low byte of the divisor under lineDLAB
	regIER     = 1 // interrupt enable; high byte of the divisor under lineDLAB
	regIIR     = 2 // reading: interrupt identification
	regFCR     = 2 // writing: FIFO control
	regLCR     = 3 // line control
	regMCR     = 4 // modem control
	regLSR     = 5 // line status
	regMSR     = 6 // modem status
	regScratch = 7
)

// Bits of the registers.
const (
	ierReceive = 1 << 0

	iirFIFO = 3 << 6 // both bits: the FIFOs exist and are on

	fcrEnable       = 1 << 0
	fcrClearReceive = 1 << 1
	fcrClearSend    = 1 << 2

	line8n1  = 3
	lineDLAB = 1 << 7

	mcrDTR      = 1 << 0
	mcrRTS      = 1 << 1
	mcrOUT2     = 1 << 3 // on a PC, lets the interrupt line through
	mcrLoopback = 1 << 4

	lsrReady   = 1 << 0
	lsrParity  = 1 << 2
	lsrFraming = 1 << 3
	lsrBreak   = 1 << 4
	lsrEmpty   = 1 << 5 // the transmit FIFO takes fifoSize bytes
	lsrSent    = 1 << 6 // and the last byte is on the line

	msrLines    = 0xf0
	msrLoopback = 0x90 // what RTS and OUT2 look like through the loop: CTS and DCD
)

const (
	// divisor of the 115200 Hz clock.
	divisor = 1
	// fifoSize is the depth of a 16550's transmit FIFO, in bytes.
	fifoSize = 16
	// patience bounds the wait for the transmitter, in reads of the line
	// status. A read takes about a microsecond, the full FIFO 1.4 ms; the rest
	// is for an emulator whose reader is slow.
	patience = 1 << 20
)

// port is one UART.
type port struct {
	base    uint16
	present bool
	stuck   bool // the last wait ended without an answer: don't wait as long again
	depth   int  // bytes that fit when the transmitter is empty
	room    int  // bytes that still fit
	lost    uint64

	in  func(port uint16) uint8
	out func(port uint16, value uint8)
}

func (p *port) get(reg uint16) uint8        { return p.in(p.base + reg) }
func (p *port) set(reg uint16, value uint8) { p.out(p.base+reg, value) }

func (p *port) init() bool {
	p.present = p.probe()
	if !p.present {
		return false
	}
	p.set(regIER, 0)
	p.set(regLCR, lineDLAB)
	p.set(regData, divisor&0xff)
	p.set(regIER, divisor>>8)
	p.set(regLCR, line8n1)
	p.set(regFCR, fcrEnable|fcrClearReceive|fcrClearSend)
	p.set(regMCR, mcrDTR|mcrRTS)
	p.depth = 1
	if p.get(regIIR)&iirFIFO == iirFIFO {
		p.depth = fifoSize
	}
	p.room, p.stuck, p.lost = 0, false, 0
	return true
}

// probe tells whether a UART answers: by its scratch register, which any 16450
// and later has, or by its modem lines seen through the loop. An empty bus
// reads as ones and fails both.
func (p *port) probe() bool {
	p.set(regScratch, 0x5a)
	first := p.get(regScratch)
	p.set(regScratch, 0xa5)
	if first == 0x5a && p.get(regScratch) == 0xa5 {
		return true
	}
	p.set(regMCR, mcrLoopback|mcrRTS|mcrOUT2)
	lines := p.get(regMSR) & msrLines
	p.set(regMCR, 0)
	return lines == msrLoopback
}

func (p *port) write(b []byte) {
	if !p.present {
		return
	}
	for _, c := range b {
		if c == '\n' {
			p.send('\r')
		}
		p.send(c)
	}
}

func (p *port) send(c byte) {
	if p.room == 0 && !p.wait() {
		p.lost++
		return
	}
	p.room--
	p.set(regData, c)
}

// wait waits until the transmitter is empty, within a bound. A port that did
// not answer once is asked a single time from then on, until it answers.
func (p *port) wait() bool {
	tries := patience
	if p.stuck {
		tries = 1
	}
	for range tries {
		if p.get(regLSR)&lsrEmpty != 0 {
			p.stuck = false
			p.room = p.depth
			return true
		}
	}
	p.stuck = true
	return false
}

// drain waits, within the same bound, until everything has left.
func (p *port) drain() {
	if !p.present || p.stuck {
		return
	}
	for range patience {
		if p.get(regLSR)&lsrSent != 0 {
			return
		}
	}
}

func (p *port) read() (byte, bool) {
	if !p.present {
		return 0, false
	}
	// Bounded, against a port that reports damage for ever.
	for range 2 * fifoSize {
		status := p.get(regLSR)
		if status&lsrReady == 0 {
			break
		}
		c := p.get(regData)
		if status&(lsrParity|lsrFraming|lsrBreak) == 0 {
			return c, true
		}
	}
	return 0, false
}

func (p *port) enableInterrupt() {
	if !p.present {
		return
	}
	p.set(regMCR, mcrDTR|mcrRTS|mcrOUT2)
	p.set(regIER, ierReceive)
}
