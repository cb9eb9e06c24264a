package uart

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chip models a 16550 as far as the driver may rely on it.
type chip struct {
	absent, noScratch, noFIFO bool
	busy                      int // line status reads until the transmitter is empty; -1 for never
	scratch, ier, lcr, mcr    uint8
	fcr                       uint8
	div                       [2]uint8
	queued, overrun, reads    int
	sent                      []byte
	received                  []byte
	damaged                   int // how many received bytes come in with a framing error
}

func (c *chip) port() *port {
	return &port{base: 0x3f8, in: c.in, out: c.out}
}

func (c *chip) in(port uint16) uint8 {
	if c.absent {
		return 0xff
	}
	switch port - 0x3f8 {
	case regData:
		if len(c.received) == 0 {
			return 0
		}
		b := c.received[0]
		c.received = c.received[1:]
		c.damaged--
		return b
	case regIIR:
		if c.fcr&fcrEnable != 0 && !c.noFIFO {
			return iirFIFO | 1
		}
		return 1
	case regLSR:
		c.reads++
		status := uint8(0)
		if c.busy == 0 {
			c.queued = 0
			status |= lsrEmpty | lsrSent
		} else if c.busy > 0 {
			c.busy--
		}
		if len(c.received) > 0 {
			status |= lsrReady
			if c.damaged > 0 {
				status |= lsrFraming
			}
		}
		return status
	case regMSR:
		if c.mcr&mcrLoopback != 0 {
			return c.mcr&mcrRTS<<3&0x10 | c.mcr&mcrOUT2<<4
		}
		return 0xb0
	case regScratch:
		if c.noScratch {
			return 0xff
		}
		return c.scratch
	}
	return 0
}

func (c *chip) out(port uint16, v uint8) {
	switch port - 0x3f8 {
	case regData:
		if c.lcr&lineDLAB != 0 {
			c.div[0] = v
			return
		}
		depth := fifoSize
		if c.noFIFO {
			depth = 1
		}
		if c.queued++; c.queued > depth {
			c.overrun++
		}
		c.sent = append(c.sent, v)
	case regIER:
		if c.lcr&lineDLAB != 0 {
			c.div[1] = v
			return
		}
		c.ier = v
	case regFCR:
		c.fcr = v
	case regLCR:
		c.lcr = v
	case regMCR:
		c.mcr = v
	case regScratch:
		c.scratch = v
	}
}

func TestInitPrograms115200(t *testing.T) {
	c := &chip{}
	p := c.port()
	require.True(t, p.init())
	assert.Equal(t, [2]uint8{1, 0}, c.div)
	assert.EqualValues(t, line8n1, c.lcr)
	assert.Zero(t, c.ier, "interrupts stay off")
	assert.Zero(t, c.mcr&mcrOUT2)
	p.enableInterrupt()
	assert.EqualValues(t, ierReceive, c.ier)
	assert.NotZero(t, c.mcr&mcrOUT2)
}

func TestPresence(t *testing.T) {
	assert.True(t, (&chip{noScratch: true}).port().init(), "the loop answers where the scratch register does not")
	c := &chip{absent: true}
	p := c.port()
	require.False(t, p.init())
	p.write([]byte("text"))
	_, ok := p.read()
	assert.False(t, ok)
	assert.Empty(t, c.sent)
}

func TestWriteNeverOverruns(t *testing.T) {
	for _, c := range []*chip{{}, {noFIFO: true}} {
		p := c.port()
		require.True(t, p.init())
		text := []byte("a line that is longer than the FIFO\nand one more\n")
		p.write(text[:20])
		p.write(text[20:])
		assert.Equal(t, "a line that is longer than the FIFO\r\nand one more\r\n", string(c.sent))
		assert.Zero(t, c.overrun)
		assert.Zero(t, p.lost)
	}
}

func TestStuckPortCostsOnePatience(t *testing.T) {
	c := &chip{busy: -1}
	p := c.port()
	require.True(t, p.init())
	p.write(make([]byte, 1000))
	assert.Empty(t, c.sent)
	assert.EqualValues(t, 1000, p.lost)
	assert.LessOrEqual(t, c.reads, patience+1000)

	c.busy = 0 // it comes back
	p.write([]byte("back"))
	assert.Equal(t, "back", string(c.sent))
	assert.False(t, p.stuck)
}

func TestBusyPortIsAwaited(t *testing.T) {
	c := &chip{busy: 500}
	p := c.port()
	require.True(t, p.init())
	p.write([]byte("x"))
	assert.Equal(t, "x", string(c.sent))
}

func TestDrain(t *testing.T) {
	c := &chip{busy: 300}
	p := c.port()
	require.True(t, p.init())
	p.drain()
	assert.Zero(t, c.busy)
	c.busy, c.reads = -1, 0
	p.drain()
	assert.Equal(t, patience, c.reads, "not for ever")
}

func TestReadDropsDamage(t *testing.T) {
	c := &chip{received: []byte("\xff\xfehi"), damaged: 2}
	p := c.port()
	require.True(t, p.init())
	var got []byte
	for b, ok := p.read(); ok; b, ok = p.read() {
		got = append(got, b)
	}
	assert.Equal(t, "hi", string(got))
}
