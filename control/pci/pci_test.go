package pci

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bus is a Space made of functions' registers; a mask has the bits of them that can be written.
type bus map[Function]*registers

type registers struct{ value, writable [256]byte }

func (b bus) Read(f Function, register, width int) (value uint32) {
	for i := range width {
		at := byte(0xff)
		if r, ok := b[f]; ok {
			at = r.value[register+i]
		}
		value |= uint32(at) << (8 * i)
	}
	return value
}

func (b bus) Write(f Function, register, width int, value uint32) {
	r, ok := b[f]
	for i := range width {
		if ok {
			w := r.writable[register+i]
			r.value[register+i] = r.value[register+i]&^w | byte(value>>(8*i))&w
		}
	}
}

// add puts a function there.
func (b bus) add(f Function, vendor, device uint16, class uint32, kind byte) *registers {
	r := &registers{}
	b[f] = r
	b.set(r, vendorID, 2, uint32(vendor))
	b.set(r, deviceID, 2, uint32(device))
	b.set(r, classCode, 4, class<<8)
	r.value[headerType] = kind
	r.writable[command], r.writable[command+1] = 7, 4
	return r
}

func (b bus) set(r *registers, at, width int, value uint32) {
	for i := range width {
		r.value[at+i] = byte(value >> (8 * i))
	}
}

func TestScan(t *testing.T) {
	b := bus{}
	b.add(At(0, 0, 0), 0x8086, 0x1237, 0x060000, 0)
	b.add(At(0, 1, 0), 0x8086, 0x7000, 0x060100, headerFunctions)
	b.add(At(0, 1, 3), 0x8086, 0x7113, 0x068000, 0)
	bridge := b.add(At(0, 2, 0), 0x1b36, 1, 0x060400, headerBridge)
	bridge.value[secondaryBus] = 5
	back := b.add(At(5, 0, 0), 0x1b36, 1, 0x060400, headerBridge)
	back.value[secondaryBus] = 0 // runs in a circle
	b.add(At(5, 1, 0), 0x1af4, 0x1041, 0x020000, 0)
	b.add(At(0, 3, 2), 1, 2, 0, 0)                   // of a device that has no function 0
	b.add(At(0, 4, 0), 1, 3, 0, 0)                   // has one function,
	b.add(At(0, 4, 1), 1, 4, 0, 0)                   // so this is not looked for
	b.add(At(0, 6, 0), 1, 5, 0x010000, headerBridge) // of this kind, but no bridge
	b[At(0, 6, 0)].value[secondaryBus] = 7           // so this is not a bus
	b.add(At(7, 0, 0), 1, 6, 0, 0)                   // that is looked at
	var found []string
	for _, d := range Scan(b) {
		found = append(found, d.String())
	}
	assert.Equal(t, []string{
		"00:00.0 0600: 8086:1237 (rev 00)", "00:01.0 0601: 8086:7000 (rev 00)", "00:01.3 0680: 8086:7113 (rev 00)",
		"00:02.0 0604: 1b36:0001 (rev 00)", "00:04.0 0000: 0001:0003 (rev 00)", "00:06.0 0100: 0001:0005 (rev 00)",
		"05:00.0 0604: 1b36:0001 (rev 00)", "05:01.0 0200: 1af4:1041 (rev 00)",
	}, found)
}

func TestCapabilities(t *testing.T) {
	for _, test := range []struct {
		name  string
		set   map[int]byte
		found []Capability
	}{
		{"none", map[int]byte{firstPointer: 0x40, 0x40: CapabilityMSI}, nil},
		{"two", map[int]byte{status: statusHasPointer, firstPointer: 0x43, 0x40: CapabilityMSIX, 0x41: 0x80, 0x80: CapabilityVendor},
			[]Capability{{CapabilityMSIX, 0x40}, {CapabilityVendor, 0x80}}},
		{"into the header", map[int]byte{status: statusHasPointer, firstPointer: 0x10}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := bus{}
			r := b.add(At(0, 0, 0), 1, 2, 0, 0)
			for at, value := range test.set {
				r.value[at] = value
			}
			assert.Equal(t, test.found, Scan(b)[0].Capabilities())
		})
	}
	b := bus{}
	r := b.add(At(0, 0, 0), 1, 2, 0, 0)
	r.value[status], r.value[firstPointer], r.value[0x41] = statusHasPointer, 0x40, 0x40 // points at itself
	assert.Len(t, Scan(b)[0].Capabilities(), 48)
}

func TestRegion(t *testing.T) {
	b := bus{}
	r := b.add(At(0, 0, 0), 1, 2, 0, 0)
	bar := func(number int, value, writable uint32) {
		b.set(r, firstBAR+4*number, 4, value)
		for i := range 4 {
			r.writable[firstBAR+4*number+i] = byte(writable >> (8 * i))
		}
	}
	d := Scan(b)[0]
	bar(0, 0xc001, 0xffffffe0)
	bar(1, 0xfebf1000, 0xfffff000)
	bar(2, 0x0000000c, 0xffffc000)
	bar(3, 0x00000081, 0xffffffff)
	bar(4, 0, 0xffff0000)
	bar(5, 0xfeb00004, 0xffff0000)
	d.Enable()

	for number, want := range []Region{
		{Address: 0xc000, Size: 0x20, Ports: true}, {Address: 0xfebf1000, Size: 0x1000}, {Address: 0x81_00000000, Size: 0x4000, Prefetch: true, Wide: true},
	} {
		region, err := d.Region(number)
		require.NoError(t, err)
		assert.Equal(t, want, region)
	}
	for number, why := range map[int]string{
		-1: "no base address register", 6: "no base address register", 4: "no address for 0x10000 bytes", 5: "upper half",
	} {
		_, err := d.Region(number)
		assert.ErrorContains(t, err, why)
	}
	bar(1, 0, 0)
	_, err := d.Region(1)
	assert.ErrorContains(t, err, "describes nothing")
	bar(1, 0xfebf1000, 0xf0fff000)
	_, err = d.Region(1)
	assert.ErrorContains(t, err, "describes nothing", "its bits have a hole")
	assert.EqualValues(t, commandIO|commandMemory|commandMaster, d.Read(command, 2), "as before")
	d.Quiet()
	assert.EqualValues(t, commandIO|commandMemory|commandNoLine, d.Read(command, 2))
}

// ports are I/O ports with a bus behind them.
type ports struct {
	bus     bus
	address uint32
}

func (p *ports) In(port uint16, width int) uint32 {
	return p.bus.Read(Function(p.address>>8), int(p.address&0xfc)+int(port-dataPort), width)
}

func (p *ports) Out(port uint16, width int, value uint32) {
	if port == addressPort {
		p.address = value
		return
	}
	p.bus.Write(Function(p.address>>8), int(p.address&0xfc)+int(port-dataPort), width, value)
}

func TestPorts(t *testing.T) {
	b := bus{}
	r := b.add(At(3, 4, 5), 0x1234, 0x5678, 0, 0)
	r.writable[lineRegister] = 0xff
	space := NewPorts(&ports{bus: b})
	assert.EqualValues(t, 0x5678, space.Read(At(3, 4, 5), deviceID, 2))
	assert.EqualValues(t, 0xffffffff, space.Read(At(3, 4, 4), vendorID, 4))
	space.Write(At(3, 4, 5), lineRegister, 1, 9)
	assert.EqualValues(t, 9, r.value[lineRegister])
	assert.Equal(t, "03:04.5", At(3, 4, 5).String())
}
