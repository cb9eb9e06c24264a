package vmx

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Capability registers 0x480 to 0x491 of three generations, as Bochs 2.7 has
// them. A register that the CPU does not have is missing.
var (
	penryn = map[x86.MSR]uint64{
		0x480: 0xd810000000002b, 0x481: 0x3f00000016, 0x482: 0xf7f9fffe0401e172, 0x483: 0x3ffff00036dff,
		0x484: 0x3fff000011ff, 0x485: 0x401e0, 0x486: 0x80000021, 0x487: 0xffffffff, 0x488: 0x2000,
		0x489: 0x467ff, 0x48b: 0x4100000000, 0x48d: 0x3f00000016, 0x48e: 0xf7f9fffe04006172,
		0x48f: 0x3ffff00036dfb, 0x490: 0x3fff000011fb,
	}
	lynnfield = map[x86.MSR]uint64{
		0x480: 0xd810000000002b, 0x481: 0x7f00000016, 0x482: 0xf7f9fffe0401e172, 0x483: 0x7fffff00036dff,
		0x484: 0xffff000011ff, 0x485: 0x401e0, 0x486: 0x80000021, 0x487: 0xffffffff, 0x488: 0x2000,
		0x489: 0x67ff, 0x48b: 0x7f00000000, 0x48c: 0xf0106114141, 0x48d: 0x7f00000016,
		0x48e: 0xf7f9fffe04006172, 0x48f: 0x7fffff00036dfb, 0x490: 0xffff000011fb,
	}
	skylake = map[x86.MSR]uint64{
		0x480: 0xd810000000002b, 0x481: 0x7f00000016, 0x482: 0xf7f9fffe0401e172, 0x483: 0x7fffff00036dff,
		0x484: 0xffff000011ff, 0x485: 0x600401e0, 0x486: 0x80000021, 0x487: 0xffffffff, 0x488: 0x2000,
		0x489: 0x3727ff, 0x48b: 0x2177fff00000000, 0x48c: 0xf0106334141, 0x48d: 0x7f00000016,
		0x48e: 0xf7f9fffe04006172, 0x48f: 0x7fffff00036dfb, 0x490: 0xffff000011fb, 0x491: 1,
	}
)

// capsOf reads capabilities as Probe does, and fails where a register is read
// that the CPU does not have: on the machine that is a fault.
func capsOf(t *testing.T, registers map[x86.MSR]uint64) *Caps {
	t.Helper()
	var c Caps
	c.read(func(m x86.MSR) uint64 {
		v, ok := registers[m]
		require.True(t, ok, "register %#x", m)
		return v
	})
	return &c
}

func probedOf(c *Caps) exit.Probed {
	p := exit.Probed{Names: featureNames[:]}
	c.report(&p)
	return p
}

func names(p exit.Probed) (found []string) {
	for i, n := range p.Names {
		if p.Features>>i&1 != 0 {
			found = append(found, n)
		}
	}
	return found
}

func TestProbeOfThreeGenerations(t *testing.T) {
	p := probedOf(capsOf(t, skylake))
	assert.True(t, p.Usable)
	assert.True(t, p.Nested)
	assert.EqualValues(t, vpids, p.Tags)
	assert.Empty(t, p.Missing)
	assert.Subset(t, names(p), []string{"ept", "ept-1g", "vpid", "unrestricted-guest", "pml", "apicv", "vmfunc"})

	p = probedOf(capsOf(t, lynnfield))
	assert.True(t, p.Usable)
	assert.True(t, p.Nested)
	assert.NotContains(t, names(p), "unrestricted-guest")
	assert.NotContains(t, names(p), "ept-1g")

	p = probedOf(capsOf(t, penryn))
	assert.False(t, p.Usable, "it switches neither PAT nor EFER")
	assert.False(t, p.Nested)
	assert.Contains(t, p.Missing, "PAT")
	assert.NotEmpty(t, p.Remedy)
}

func TestControlsFollowTheSetup(t *testing.T) {
	c := capsOf(t, skylake)
	direct := controlsFor(&exit.Setup{}, c)
	assert.NotZero(t, direct[ControlProc]&procCR3Load, "direct paging: CR3 is the hypervisor's")
	assert.Zero(t, direct[ControlProc]&procCR3Store)
	assert.NotZero(t, direct[ControlProc]&procIO)
	assert.NotZero(t, direct[ControlSecondary]&secVPID)
	assert.Zero(t, direct[ControlSecondary]&(secEPT|secUnrestricted))
	assert.Zero(t, direct[ControlProc]&procMSRBitmaps, "every MSR exits")
	assert.Zero(t, direct[ControlProc]&procInterruptWindow, "nobody has asked for a window")
	assert.Zero(t, direct[ControlExit]&exitAcknowledge, "the exit loop lets interrupts in")

	nested := controlsFor(&exit.Setup{Paging: exit.Nested, IO: exit.IOGuest, CRRead: 1 << 3}, c)
	assert.NotZero(t, nested[ControlSecondary]&secEPT)
	assert.NotZero(t, nested[ControlSecondary]&secUnrestricted)
	assert.Zero(t, nested[ControlProc]&procCR3Load)
	assert.NotZero(t, nested[ControlProc]&procCR3Store)
	assert.Zero(t, nested[ControlProc]&procIO)
}

func TestControlsAreWithinWhatEachCPUAllows(t *testing.T) {
	for _, cpu := range []map[x86.MSR]uint64{lynnfield, skylake} {
		c := capsOf(t, cpu)
		for _, s := range []exit.Setup{{}, {Paging: exit.Nested}, {IO: exit.IOGuest}} {
			for w, word := range controlsFor(&s, c) {
				assert.Zero(t, word&^c.allowed[w].May(), Control(w).String())
				assert.Equal(t, c.allowed[w].Must(), word&c.allowed[w].Must(), Control(w).String())
			}
		}
	}
}

func TestFirmwareLock(t *testing.T) {
	assert.True(t, allowedByFirmware(0), "not locked: Enable sets it")
	assert.True(t, allowedByFirmware(5))
	assert.False(t, allowedByFirmware(1))
	assert.False(t, allowedByFirmware(3), "inside SMX operation only")
}
