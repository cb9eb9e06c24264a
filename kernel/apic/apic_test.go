package apic

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/acpi"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
)

// page stands for the xAPIC's registers: they keep what is written.
type page [1024]uint32

func (p *page) reg(r register) *uint32 { return &p[r/4] }

// use makes the page the local APIC for the length of a test.
func use(t *testing.T, p *page) {
	old := lapic
	lapic = local{base: frame.VAddr(uintptr(unsafe.Pointer(p)))}
	t.Cleanup(func() { lapic = old; count.Store(0) })
}

func TestResetMasksWhatExists(t *testing.T) {
	for last, masked := range map[uint32][]register{
		3: {regTimer, regLINT0, regLINT1, regError},
		6: {regTimer, regLINT0, regLINT1, regError, regPerformance, regThermal, regCMCI},
	} {
		p := &page{}
		use(t, p)
		*p.reg(regVersion) = last<<16 | 0x14
		*p.reg(regTPR) = 0xff
		lapic.reset()
		assert.EqualValues(t, 0x1ff, *p.reg(regSVR))
		assert.Zero(t, *p.reg(regTPR))
		for _, r := range masked {
			assert.EqualValues(t, 0x100ff, *p.reg(r), "%#x", r)
		}
		if last == 3 {
			assert.Zero(t, *p.reg(regCMCI), "a register that does not exist is left alone")
		}
	}
}

func TestResetEndsALeftoverThatNeverClears(t *testing.T) {
	p := &page{}
	use(t, p)
	*p.reg(regISR + 0x30) = 1 << 5 // this page keeps it whatever is written to EOI
	lapic.reset()                  // and must come back all the same
	assert.EqualValues(t, 0x1ff, *p.reg(regSVR))
}

func TestSend(t *testing.T) {
	p := &page{}
	use(t, p)
	require.True(t, SendFixed(5, 0xf1))
	assert.EqualValues(t, 5<<24, *p.reg(regICRHigh))
	assert.EqualValues(t, 0x40f1, *p.reg(regICR))
	require.True(t, SendINIT(7))
	assert.EqualValues(t, 0x4500, *p.reg(regICR))
	require.True(t, SendStartup(7, 8))
	assert.EqualValues(t, 0x4608, *p.reg(regICR))
	require.True(t, SendNMI(9))
	assert.EqualValues(t, 0x4400, *p.reg(regICR))
	assert.EqualValues(t, 9<<24, *p.reg(regICRHigh))

	assert.False(t, SendFixed(256, 0xf1), "8 bits of ID")
	assert.False(t, SendINIT(255), "everybody")
	*p.reg(regICR) |= icrPending
	assert.False(t, SendFixed(1, 0xf1), "a command that never leaves")
}

func TestNMIOthersSparesThisCPU(t *testing.T) {
	p := &page{}
	use(t, p)
	*p.reg(regID) = 2 << 24
	count.Store(2)
	known[0].Store(2 + 1)
	known[1].Store(4 + 1)
	NMIOthers()
	assert.EqualValues(t, 4<<24, *p.reg(regICRHigh))
	known[1].Store(2 + 1)
	*p.reg(regICR) = 0
	NMIOthers()
	assert.Zero(t, *p.reg(regICR))
}

func TestRedirectionEntry(t *testing.T) {
	assert.EqualValues(t, uint64(0x03000000_000000f4), ISALine(4, nil).entry(0xf4, 3))
	// As QEMU's and many boards' tables have it.
	overrides := []acpi.Override{{IRQ: 0, GSI: 2}, {IRQ: 9, GSI: 9, Level: true}, {IRQ: 10, GSI: 20, ActiveLow: true, Level: true}}
	assert.EqualValues(t, uint64(0x8031), ISALine(9, overrides).entry(0x31, 0))
	assert.EqualValues(t, uint64(0xa031), ISALine(10, overrides).entry(0x31, 0))
	assert.Equal(t, Line{GSI: 2}, ISALine(0, overrides))
	assert.Equal(t, Line{GSI: 4}, ISALine(4, overrides))
}

func TestFindLine(t *testing.T) {
	defer func() { ioapicCount = 0 }()
	ioapics[0] = ioapic{first: 0, pins: 24}
	ioapics[1] = ioapic{first: 24, pins: 8}
	ioapicCount = 2
	assert.Same(t, &ioapics[0], find(23))
	assert.Same(t, &ioapics[1], find(24))
	assert.Nil(t, find(32))
	assert.False(t, Route(Line{GSI: 32}, 0xf4, 0))
	assert.False(t, Route(Line{GSI: 4}, 0xf4, 256))
}

func TestErrorsAreNamed(t *testing.T) {
	var out strings.Builder
	klog.Sink = func(line []byte) { out.Write(line) }
	defer func() { klog.Sink = nil }()
	Errors(1<<5 | 1<<2).Log(3)
	assert.Equal(t, "warning: cpu 3: APIC error: send accept\nwarning: cpu 3: APIC error: send illegal vector\n", out.String())
}
