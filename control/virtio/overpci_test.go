package virtio_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/pci"
	"tuco/control/virtio"
	"tuco/control/virtio/model"
)

// card is a virtio device as a PCI function: its configuration space, and its registers at a base address.
type card struct {
	space  [256]byte
	device *model.Device

	featureSelect uint64
	accepted      uint64
	queue         int
	size          uint64
	addresses     [24]byte
	rung          []int
}

const cardAddress, cardSize = 0xfe000000, 0x4000

// newCard lays the capabilities out as QEMU does.
func newCard() *card {
	c := &card{device: &model.Device{Memory: &model.Memory{Limit: 16}, Sizes: []uint16{8, 8}, Offers: virtio.FeatureVersion1,
		Fields: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Serve: echo}}
	put := func(at int, bytes ...byte) { copy(c.space[at:], bytes) }
	put(0, 0xf4, 0x1a, 0x42, 0x10)
	put(6, 1<<4)
	put(0x10+4*4, 0x0c, 0, 0, 0xfe)
	put(0x34, 0x40)
	for i, part := range []struct{ kind, offset, length int }{{1, 0, 0x1000}, {3, 0x1000, 0x1000}, {4, 0x2000, 0x1000}, {2, 0x3000, 0x1000}} {
		at := 0x40 + 0x14*i
		put(at, pci.CapabilityVendor, byte(at+0x14), 0x14, byte(part.kind), 4)
		binary.LittleEndian.PutUint32(c.space[at+8:], uint32(part.offset))
		binary.LittleEndian.PutUint32(c.space[at+12:], uint32(part.length))
	}
	c.space[0x40+0x14*3+1] = 0
	c.space[0x40+0x14*3+16] = 4
	return c
}

// capability is where the one of a kind is.
func (c *card) capability(kind byte) []byte {
	for at := 0x40; ; at += 0x14 {
		if c.space[at+3] == kind {
			return c.space[at:]
		}
	}
}

func (c *card) Read(_ pci.Function, register, width int) (value uint32) {
	for i := range width {
		value |= uint32(c.space[register+i]) << (8 * i)
	}
	return value
}

func (c *card) Write(_ pci.Function, register, width int, value uint32) {
	switch {
	case register == 4:
		c.space[4], c.space[5] = byte(value), byte(value>>8)
	case register == 0x20 && value == 0xffffffff:
		copy(c.space[0x20:], []byte{0x0c, 0xc0, 0xff, 0xff})
	case register == 0x20:
		binary.LittleEndian.PutUint32(c.space[0x20:], value)
	case register == 0x24:
		binary.LittleEndian.PutUint32(c.space[0x24:], value)
	}
}

// Map implements virtio.Mapper.
func (c *card) Map(region pci.Region) (virtio.Window, error) {
	if region.Address != cardAddress || region.Size != cardSize {
		panic("another region")
	}
	if c.space[4]&2 == 0 {
		panic("the device doesn't answer")
	}
	return (*registers)(c), nil
}

type registers card

func (r *registers) Read(offset, width int) uint64 {
	d := r.device
	switch {
	case offset == 4:
		return d.Features() >> (32 * r.featureSelect) & 0xffffffff
	case offset == 18:
		return uint64(len(d.Sizes))
	case offset == 20:
		return uint64(d.Status())
	case offset == 21:
		return uint64(d.Generation())
	case offset == 24:
		return uint64(d.QueueSize(r.queue))
	case offset == 30:
		return uint64(r.queue)
	case offset == 0x1000:
		queues, _ := d.Interrupt()
		if queues {
			return 1
		}
		return 0
	case offset >= 0x2000 && offset < 0x3000:
		return d.Config(offset-0x2000, width)
	}
	panic(offset)
}

func (r *registers) Write(offset, width int, value uint64) {
	switch {
	case offset == 0:
		r.featureSelect = value
	case offset == 8:
		r.accepted &= 0xffffffff << (32 - 32*value)
		r.featureSelect = value
	case offset == 12:
		r.accepted |= value << (32 * r.featureSelect)
		r.device.Accept(r.accepted)
	case offset == 16 || offset == 26:
		if value != 0xffff {
			panic("a vector")
		}
	case offset == 20:
		r.device.SetStatus(uint8(value))
	case offset == 22:
		r.queue = int(value)
	case offset == 24:
		r.size = value
	case offset >= 32 && offset < 56:
		binary.LittleEndian.PutUint32(r.addresses[offset-32:], uint32(value))
	case offset == 28:
		at := binary.LittleEndian.Uint64
		_ = r.device.Install(r.queue, uint16(r.size), at(r.addresses[:]), at(r.addresses[8:]), at(r.addresses[16:]))
	case offset >= 0x3000:
		if offset != 0x3000+4*int(value) || width != 2 {
			panic("rung at the wrong place")
		}
		r.rung = append(r.rung, int(value))
		r.device.Notify(int(value))
	default:
		panic(offset)
	}
}

func TestOverPCI(t *testing.T) {
	c := newCard()
	devices := pci.Scan(onlyOne{c})
	require.Len(t, devices, 1)
	assert.Equal(t, virtio.KindBlock, virtio.KindOf(devices[0]))
	transport, err := virtio.OverPCI(devices[0], c)
	require.NoError(t, err)
	_, err = virtio.Begin(transport, 0, 0)
	require.NoError(t, err)
	assert.EqualValues(t, virtio.FeatureVersion1, c.device.Accepted())
	q, err := virtio.AddQueue(transport, c.device.Memory, 1, 8, false)
	require.NoError(t, err)
	virtio.Ready(transport)
	page, _ := c.device.Memory.Page()
	copy(page.Bytes, "hello")
	require.NoError(t, q.Put(3, virtio.Buffer{Bus: page.Bus, Length: 5}, virtio.Buffer{Bus: page.Bus + 100, Length: 5, Write: true}))
	require.True(t, q.Push())
	transport.Notify(1)
	queues, config := transport.Interrupt()
	assert.True(t, queues)
	assert.False(t, config)
	token, written, ok, err := q.Take()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, 3, token)
	assert.EqualValues(t, 5, written)
	assert.Equal(t, "HELLO", string(page.Bytes[100:105]))
	assert.Equal(t, []int{1}, c.rung)
	assert.EqualValues(t, 0x0403, transport.Config(2, 2))
	assert.EqualValues(t, 0x0807060504030201, transport.Config(0, 8))
	assert.Zero(t, transport.Config(0xffe, 4), "beyond the end")
}

// onlyOne has a card at 00:00.0, and nothing else.
type onlyOne struct{ *card }

func (o onlyOne) Read(f pci.Function, register, width int) uint32 {
	if f != 0 {
		return 1<<(8*width) - 1
	}
	return o.card.Read(f, register, width)
}

func TestOverPCIRefused(t *testing.T) {
	for name, test := range map[string]struct {
		set func(*card)
		why string
	}{
		"no capabilities":      {func(c *card) { c.space[6] = 0 }, "no capability for its"},
		"another register":     {func(c *card) { c.capability(1)[4] = 9 }, "no base address register has the number 9"},
		"beyond the region":    {func(c *card) { c.capability(4)[10] = 1 }, "of a region of 0x4000"},
		"too short":            {func(c *card) { c.capability(1)[13] = 0 }, "there should be 56"},
		"length goes round":    {func(c *card) { copy(c.capability(4)[12:], []byte{255, 255, 255, 255}) }, "of a region of 0x4000"},
		"doesn't reset":        {func(c *card) { c.device.SetStatus(4); c.device.Stuck = true }, "didn't reset"},
		"no region":            {func(c *card) { c.space[0x23] = 0 }, "gave base address register 4 no address"},
		"notifications beyond": {func(c *card) { c.capability(2)[17] = 0x20 }, "notifications for queue 1 would be at"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCard()
			test.set(c)
			transport, err := virtio.OverPCI(pci.Scan(onlyOne{c})[0], c)
			if err == nil {
				_, err = virtio.AddQueue(transport, c.device.Memory, 1, 8, false)
				assert.Zero(t, c.device.Memory.Used(), "what it had is given back")
			}
			assert.ErrorContains(t, err, test.why)
		})
	}
}

func TestKindOf(t *testing.T) {
	assert.Zero(t, virtio.KindOf(&pci.Device{Vendor: 0x8086, ID: 0x1042}))
	assert.Equal(t, virtio.KindNet, virtio.KindOf(&pci.Device{Vendor: virtio.Vendor, ID: 0x1000, Subsystem: 1}))
	assert.Equal(t, virtio.KindRNG, virtio.KindOf(&pci.Device{Vendor: virtio.Vendor, ID: 0x1044}))
	assert.Zero(t, virtio.KindOf(&pci.Device{Vendor: virtio.Vendor, ID: 0x1040}))
}

func TestMapped(t *testing.T) {
	m := virtio.Mapped(make([]byte, 16))
	m.Write(0, 8, 0x1122334455667788)
	m.Write(0, 1, 0xff)
	m.Write(2, 2, 0xaaaa)
	m.Write(4, 4, 0xbbbbbbbb)
	assert.Equal(t, uint64(0xbbbbbbbbaaaa77ff), m.Read(0, 8))
	assert.EqualValues(t, 0x77, m.Read(1, 1))
	assert.EqualValues(t, 0xaaaa, m.Read(2, 2))
	assert.EqualValues(t, 0xbbbbbbbb, m.Read(4, 4))
	assert.Panics(t, func() { m.Read(14, 4) })
}
