package acpi

import (
	"encoding/binary"

	"tuco/kernel/frame"
	"tuco/kernel/text"
)

// AML byte values that a definition of _S5_ is made of.
const (
	amlZero    = 0x00
	amlOne     = 0x01
	amlName    = 0x08
	amlByte    = 0x0a
	amlWord    = 0x0b
	amlDWord   = 0x0c
	amlPackage = 0x12
	amlRoot    = '\\'
)

// findS5 looks for the values that power off: in the DSDT, and if they are
// not there, in the SSDTs.
//
// They are the first two elements of the package _S5_. To find it rightly
// one would have to interpret AML; but in practice it is a constant,
// Name (_S5, Package () { … }), and the bytes of such a definition are
// distinctive enough to be searched for.
func (t *Tables) findS5(mem Memory, dsdt frame.MAddr, found *tableSet) {
	if dsdt != 0 {
		t.s5In(t.table(mem, dsdt, sigDSDT))
	}
	for k := 0; k < found.nSSDT && !t.Power.HasS5; k++ {
		t.s5In(t.table(mem, found.ssdt[k], sigSSDT))
	}
	if !t.Power.HasS5 {
		t.problem(NoS5, 0, 0, 0)
	}
}

func (t *Tables) s5In(b []byte) {
	const name = "_S5_"
	for i := headerSize + 1; i+len(name) < len(b); i++ {
		if b[i] != '_' || !text.Equal(b[i:i+len(name)], name) {
			continue
		}
		defined := b[i-1] == amlName || b[i-1] == amlRoot && b[i-2] == amlName
		if !defined {
			continue
		}
		if sleepA, sleepB, ok := s5Package(b[i+len(name):]); ok {
			t.Power.HasS5, t.Power.SleepA, t.Power.SleepB = true, sleepA, sleepB
			return
		}
	}
}

// s5Package reads the first two numbers of a package; the second may be
// missing and is then 0.
func s5Package(b []byte) (sleepA, sleepB uint8, ok bool) {
	if len(b) < 4 || b[0] != amlPackage {
		return 0, 0, false
	}
	// The length's first byte says in bits 6-7 how many more there are.
	b = b[1:]
	more := int(b[0] >> 6)
	if len(b) < more+2 {
		return 0, 0, false
	}
	elements := b[more+1]
	b = b[more+2:]
	if elements == 0 {
		return 0, 0, false
	}
	sleepA, b, ok = sleepType(b)
	if !ok || elements == 1 {
		return sleepA, 0, ok
	}
	sleepB, _, ok = sleepType(b)
	return sleepA, sleepB, ok
}

// sleepType reads one constant. SLP_TYP has three bits, so larger numbers
// mean that this is not what it looks like.
func sleepType(b []byte) (v uint8, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	op, n, wide := b[0], 0, uint64(0)
	b = b[1:]
	switch op {
	case amlZero, amlOne:
		return op, b, true
	case amlByte:
		n = 1
	case amlWord:
		n = 2
	case amlDWord:
		n = 4
	default:
		return 0, nil, false
	}
	if len(b) < n {
		return 0, nil, false
	}
	switch n {
	case 1:
		wide = uint64(b[0])
	case 2:
		wide = uint64(binary.LittleEndian.Uint16(b))
	case 4:
		wide = uint64(binary.LittleEndian.Uint32(b))
	}
	return uint8(wide), b[n:], wide <= 7
}
