package acpi

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/text"
)

// machine is physical memory with tables in it.
type machine struct {
	next   frame.MAddr
	pieces []piece
}

type piece struct {
	at frame.MAddr
	b  []byte
}

func (m *machine) put(at frame.MAddr, b []byte) frame.MAddr {
	m.pieces = append(m.pieces, piece{at, b})
	return at
}

// add puts b where there is room.
func (m *machine) add(b []byte) frame.MAddr {
	if m.next == 0 {
		m.next = 0x7fe0000
	}
	at := m.next
	m.next += frame.MAddr(len(b)+15) &^ 15
	return m.put(at, b)
}

func (m *machine) Bytes(a frame.MAddr, n uint64) []byte {
	for _, p := range m.pieces {
		if a >= p.at && uint64(a-p.at) <= uint64(len(p.b)) && n <= uint64(len(p.b))-uint64(a-p.at) {
			return p.b[a-p.at:][:n:n]
		}
	}
	return nil
}

// le packs values little endian: the width is the value's own.
func le(v ...any) []byte {
	var b []byte
	for _, x := range v {
		switch x := x.(type) {
		case string:
			b = append(b, x...)
		case []byte:
			b = append(b, x...)
		case frame.MAddr:
			b = binary.LittleEndian.AppendUint64(b, uint64(x))
		default:
			b, _ = binary.Append(b, binary.LittleEndian, x)
		}
	}
	return b
}

// fix sets b[at] so that b sums to 0.
func fix(b []byte, at int) []byte {
	b[at] = 0
	b[at] = -sum(b)
	return b
}

// table makes a whole table of its body.
func table(sig string, body ...any) []byte {
	b := le(body...)
	h := le(sig, uint32(headerSize+len(b)), uint8(3), uint8(0), "TUCO  TESTTABL", uint32(1), "TEST", uint32(1))
	return fix(append(h, b...), 9)
}

func rsdpV1(rsdt frame.MAddr) []byte {
	return fix(le(rsdpSignature, uint8(0), "TUCO  ", uint8(0), uint32(rsdt)), 8)
}

func rsdpV2(rsdt, xsdt frame.MAddr) []byte {
	b := fix(le(rsdpSignature, uint8(0), "TUCO  ", uint8(2), uint32(rsdt)), 8)
	return fix(append(b, le(uint32(36), xsdt, uint8(0), make([]byte, 3))...), 32)
}

func rsdtOf(at ...frame.MAddr) []byte {
	var b []byte
	for _, a := range at {
		b = append(b, le(uint32(a))...)
	}
	return table("RSDT", b)
}

func xsdtOf(at ...frame.MAddr) []byte {
	var b []byte
	for _, a := range at {
		b = append(b, le(a)...)
	}
	return table("XSDT", b)
}

func lapic(uid, id uint8, flags uint32) []byte {
	return le(uint8(0), uint8(8), uid, id, flags)
}

func x2apic(uid, id, flags uint32) []byte {
	return le(uint8(9), uint8(16), uint16(0), id, flags, uid)
}

func ioapic(id uint8, addr, base uint32) []byte {
	return le(uint8(1), uint8(12), id, uint8(0), addr, base)
}

func override(irq uint8, gsi uint32, flags uint16) []byte {
	return le(uint8(2), uint8(10), uint8(0), irq, gsi, flags)
}

func madt(entries ...[]byte) []byte {
	var b []byte
	for _, e := range entries {
		b = append(b, e...)
	}
	return table("APIC", uint32(0xfee00000), uint32(madtPCATCompat), b)
}

// gas is a generic address.
func gas(space Space, bits uint8, addr uint64) []byte {
	return le(uint8(space), bits, uint8(0), uint8(0), addr)
}

// fadt makes a FADT of so many bytes; set fills it.
func fadt(size int, set func(b []byte)) []byte {
	b := table("FACP", make([]byte, size-headerSize))
	set(b)
	return fix(b, 9)
}

func put(b []byte, off int, v ...any) { copy(b[off:], le(v...)) }

// pcFADT is shaped like that of QEMU's pc machine.
func pcFADT(dsdt frame.MAddr) []byte {
	return fadt(fadtSizeV1, func(b []byte) {
		put(b, fadtDSDT, uint32(dsdt))
		put(b, fadtSCI, uint16(9))
		put(b, fadtSMICommand, uint32(0xb2), uint8(0xf1))
		put(b, fadtPM1aControl, uint32(0x604))
		put(b, fadtTimer, uint32(0x608))
		put(b, fadtTimerLength, uint8(4))
		put(b, fadtFlags, uint32(0x84a5|flagTimer32))
	})
}

// s5 is Name (_S5, Package () { a, b, 0, 0 }).
var s5AML = le(uint8(amlName), "_S5_", uint8(amlPackage), uint8(6), uint8(4), uint8(0), uint8(0), uint8(0), uint8(0))

// parse puts an RSDP into the BIOS's ROM that leads to the tables.
func parse(t *testing.T, tables ...[]byte) *Tables {
	m := new(machine)
	var at []frame.MAddr
	for _, b := range tables {
		at = append(at, m.add(b))
	}
	root := m.add(xsdtOf(at...))
	return m.parse(t, Root{Addr: m.put(0xf5a20, rsdpV2(0, root))})
}

func (m *machine) parse(t *testing.T, root Root) *Tables {
	tb := new(Tables)
	Parse(tb, m.Bytes, root)
	checkInvariants(t, tb)
	return tb
}

func checkInvariants(t *testing.T, tb *Tables) {
	t.Helper()
	seen := map[uint32]bool{}
	for _, c := range tb.CPUs() {
		require.False(t, seen[c.APICID])
		seen[c.APICID] = true
	}
	require.GreaterOrEqual(t, tb.CPUsFound, len(tb.CPUs()))
	p := &tb.Power
	require.True(t, p.SleepA <= 7 && p.SleepB <= 7)
	require.Equal(t, p.Timer.Exists(), p.TimerBits != 0)
	for _, r := range []Register{p.PM1aControl, p.PM1bControl, p.Timer, p.Reset, p.SleepControl} {
		require.False(t, r.Space == SpaceIO && r.Addr > 0xffff)
		require.LessOrEqual(t, r.Space, SpacePCI)
	}
	for _, s := range texts(tb) {
		require.NotContains(t, s, "%")
	}
}

func texts(tb *Tables) []string {
	var l text.Line
	var out []string
	list, _ := tb.Problems()
	for _, p := range list {
		out = append(out, string(p.Text(&l)))
	}
	return out
}
