package timer

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machine models a time stamp counter and a reference counter over one time,
// in picoseconds; each access takes some.
type machine struct {
	ps        uint64
	tscHz     uint64
	tscCost   uint64 // picoseconds
	readCost  uint64
	stallOdds int // one access in so many is held up for a millisecond
	dead      bool
	mask      uint32
	random    *rand.Rand
}

func scaled(ps, hz uint64) uint64 { return exact(ps, hz, 1_000_000_000_000) }

func (m *machine) pass(cost uint64) {
	m.ps += cost
	if m.stallOdds != 0 && m.random.IntN(m.stallOdds) == 0 {
		m.ps += 1_000_000_000
	}
}

func (m *machine) tsc() uint64 {
	m.pass(m.tscCost)
	return scaled(m.ps, m.tscHz)
}

func (m *machine) counter(hz uint64) func() uint32 {
	return func() uint32 {
		m.pass(m.readCost / 2)
		v := uint32(scaled(m.ps, hz))
		if m.dead {
			v = 77
		}
		m.pass(m.readCost / 2)
		return v & m.mask
	}
}

func (m *machine) measure(hz uint64) rate {
	m.random = rand.New(rand.NewPCG(1, 2))
	w := meter{tsc: m.tsc, read: m.counter(hz), mask: m.mask, ticks: uint32(hz / windowsPerSecond)}
	return w.tscRate(hz)
}

func TestMeasure(t *testing.T) {
	for name, c := range map[string]struct {
		machine
		hz        uint64
		tolerance uint64 // parts per million
	}{
		"counted instructions":      {machine{tscHz: 1_000_000_000, tscCost: 8_000, readCost: 20_000, mask: 1<<24 - 1}, pmHz, 0},
		"counted instructions, PIT": {machine{tscHz: 1_000_000_000, tscCost: 8_000, readCost: 60_000, mask: 1<<16 - 1}, pitHz, 0},
		"a PC":                      {machine{tscHz: 2_893_202_000, tscCost: 9_000, readCost: 1_000_000, mask: 1<<32 - 1}, pmHz, 100},
		"a PC, PIT":                 {machine{tscHz: 2_893_202_000, tscCost: 9_000, readCost: 3_000_000, mask: 1<<16 - 1}, pitHz, 300},
		"an emulator that stalls":   {machine{tscHz: 2_100_000_000, tscCost: 30_000, readCost: 400_000, mask: 1<<24 - 1, stallOdds: 40_000}, pmHz, 50},
		"a slow emulator":           {machine{tscHz: 4_000_000, tscCost: 5_000_000, readCost: 9_000_000, mask: 1<<24 - 1}, pmHz, 9_000},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.machine.measure(c.hz)
			require.True(t, r.valid())
			assert.True(t, r.has(c.machine.tscHz), "%d is not in %v", c.machine.tscHz, r)
			assert.InDelta(t, float64(c.machine.tscHz), float64(r.roundest()), float64(c.machine.tscHz*c.tolerance/1_000_000))
		})
	}
}

func TestMeasureWhereTheCounterWraps(t *testing.T) {
	m := machine{tscHz: 3_000_000_000, tscCost: 9_000, readCost: 500_000, mask: 1<<24 - 1}
	m.ps = 4_686_000_000_000 // the 24 bits wrap after 4.687 s
	r := m.measure(pmHz)
	assert.Greater(t, scaled(m.ps, pmHz), uint64(1<<24))
	assert.True(t, r.has(m.tscHz), "%v", r)
}

func TestCounterRate(t *testing.T) {
	m := machine{tscHz: 2_593_000_000, tscCost: 30_000, readCost: 900_000, mask: 1<<32 - 1}
	w := meter{tsc: m.tsc, read: m.counter(second), mask: m.mask, length: m.tscHz / alarmWindowsPerSecond}
	r := w.counterRate(m.tscHz)
	assert.True(t, r.has(second), "%v", r)
	assert.Less(t, r.width(), uint64(second/1000))
	assert.EqualValues(t, second, r.roundest())
}

func TestDeadCounterIsNoticed(t *testing.T) {
	m := machine{tscHz: 1_000_000_000, tscCost: 1000, readCost: 1000, mask: 1<<24 - 1, dead: true}
	assert.False(t, m.measure(pmHz).valid())
}

func TestContradictingWindows(t *testing.T) {
	narrow, wide := rate{90, 100}, rate{200, 300}
	assert.Equal(t, narrow, narrow.with(wide))
	assert.Equal(t, narrow, wide.with(narrow))
	assert.Equal(t, rate{95, 100}, narrow.with(rate{95, 300}))
	assert.Equal(t, narrow, rate{}.with(narrow))
}

func TestRoundest(t *testing.T) {
	assert.EqualValues(t, 1_000_000_000, rate{999_990_000, 1_000_012_000}.roundest())
	assert.EqualValues(t, 2_893_200_000, rate{2_893_150_000, 2_893_250_000}.roundest())
	assert.EqualValues(t, 123_456_789, rate{123_456_789, 123_456_789}.roundest())
}

func TestCPUIDMustAgree(t *testing.T) {
	r := rate{999_000_000, 1_001_000_000}
	assert.True(t, r.near(1_001_500_000))
	assert.False(t, r.near(3_400_000_000), "an emulator repeats what the CPU it models says")
}
