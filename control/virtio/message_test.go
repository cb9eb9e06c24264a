package virtio_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/pci"
	"tuco/control/virtio"
)

// talker is a card that can interrupt by messages, whose table is in a region of its own.
type talker struct {
	*card
	table   []byte
	vectors map[int]uint64 // by register, what was written
	refuses int            // a register that takes no vector
}

const (
	tableAddress, tableSize = 0xfd000000, 0x1000
	tableOffset             = 0x800
	messageCapability       = 0xa0
)

func newTalker() *talker {
	t := &talker{card: newCard(), table: make([]byte, tableSize), vectors: map[int]uint64{}}
	t.space[0x40+0x14*3+1] = messageCapability
	copy(t.space[messageCapability:], []byte{pci.CapabilityMSIX, 0, 3, 0x40}) // four messages, all masked
	binary.LittleEndian.PutUint32(t.space[messageCapability+4:], tableOffset|1)
	binary.LittleEndian.PutUint32(t.space[0x14:], tableAddress)
	t.table[tableOffset+12] = 1
	return t
}

func (t *talker) Write(f pci.Function, register, width int, value uint32) {
	switch {
	case register == 0x14 && value == 0xffffffff:
		value = 1<<32 - tableSize
		fallthrough
	case register == 0x14:
		binary.LittleEndian.PutUint32(t.space[0x14:], value)
	case register == messageCapability+2:
		binary.LittleEndian.PutUint16(t.space[register:], uint16(value))
	default:
		t.card.Write(f, register, width, value)
	}
}

func (t *talker) Map(region pci.Region) (virtio.Window, error) {
	if region.Address == tableAddress {
		return virtio.Mapped(t.table), nil
	}
	w, err := t.card.Map(region)
	return &talking{w, t}, err
}

// talking is the registers of a talker.
type talking struct {
	virtio.Window
	t *talker
}

func isVector(offset int) bool { return offset == 16 || offset == 26 }

func (r *talking) Read(offset, width int) uint64 {
	switch {
	case isVector(offset) && offset == r.t.refuses:
		return 0xffff
	case isVector(offset):
		return r.t.vectors[offset]
	}
	return r.Window.Read(offset, width)
}

func (r *talking) Write(offset, width int, value uint64) {
	if isVector(offset) {
		r.t.vectors[offset] = value
		return
	}
	r.Window.Write(offset, width, value)
}

// open is the way to the device.
func (t *talker) open(test *testing.T) (virtio.Messenger, error) {
	list := pci.Scan(firstOnly{t})
	require.Len(test, list, 1)
	device, err := virtio.OverPCI(list[0], t)
	if err != nil {
		return nil, err
	}
	return device.(virtio.Messenger), nil
}

// firstOnly is a bus with one function.
type firstOnly struct{ pci.Space }

func (s firstOnly) Read(f pci.Function, register, width int) uint32 {
	if f != 0 {
		return 1<<(8*width) - 1
	}
	return s.Space.Read(f, register, width)
}

// The message is in the table before the device may send it, and is for the queues and the configuration.
func TestMessage(t *testing.T) {
	c := newTalker()
	c.space[messageCapability+3] |= 0x80 // somebody has left it on
	d, err := c.open(t)
	require.NoError(t, err)
	assert.Zero(t, c.space[messageCapability+3]&0xc0, "off until it is asked for")
	assert.EqualValues(t, 0xffff, c.vectors[16])

	require.NoError(t, d.UseMessage(0x1_fee0_3000, 0x41))
	assert.Equal(t, []byte{0, 0x30, 0xe0, 0xfe, 1, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0}, c.table[tableOffset:][:16])
	assert.EqualValues(t, 0x80, c.space[messageCapability+3]&0xc0)
	assert.Zero(t, c.vectors[16])
	require.NoError(t, d.Install(1, 8, 0x1000, 0x2000, 0x3000))
	assert.Zero(t, c.vectors[26])
	queues, config := d.Interrupt()
	assert.True(t, queues && config, "there is nobody to ask")
}

func TestNoMessages(t *testing.T) {
	c := newTalker()
	c.space[0x40+0x14*3+1] = 0
	d, err := c.open(t)
	require.NoError(t, err)
	assert.ErrorIs(t, d.UseMessage(0xfee00000, 0x41), virtio.ErrNoMessages)
	require.NoError(t, d.Install(1, 8, 0x1000, 0x2000, 0x3000))
	assert.EqualValues(t, 0xffff, c.vectors[26])
}

// A device whose table is elsewhere than it can be, or that doesn't take the vector, is left with its line.
func TestBadMessages(t *testing.T) {
	for what, spoil := range map[string]func(*talker){
		"beyond its region":      func(c *talker) { binary.LittleEndian.PutUint32(c.space[messageCapability+4:], tableSize|1) },
		"partly beyond":          func(c *talker) { binary.LittleEndian.PutUint32(c.space[messageCapability+4:], tableSize-8|1) },
		"in no region":           func(c *talker) { binary.LittleEndian.PutUint32(c.space[messageCapability+4:], 7) },
		"in a region at nowhere": func(c *talker) { binary.LittleEndian.PutUint32(c.space[messageCapability+4:], 2) },
		"the vector refused":     func(c *talker) { c.refuses = 16 },
	} {
		c := newTalker()
		spoil(c)
		d, err := c.open(t)
		require.NoError(t, err, what)
		require.Error(t, d.UseMessage(0xfee00000, 0x41), what)
		assert.Zero(t, c.space[messageCapability+3]&0x80, what)
		require.NoError(t, d.Install(1, 8, 0x1000, 0x2000, 0x3000), what)
		assert.EqualValues(t, 0xffff, c.vectors[26], what)
	}
	c := newTalker()
	d, err := c.open(t)
	require.NoError(t, err)
	require.NoError(t, d.UseMessage(0xfee00000, 0x41))
	c.refuses = 26
	assert.ErrorIs(t, d.Install(1, 8, 0x1000, 0x2000, 0x3000), virtio.ErrDevice)
}
