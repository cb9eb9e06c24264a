package emul

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Regression tests of faults that other hypervisors had. The names are those of
// the public Xen security advisories.

// TestXSA195 is about bit instructions whose register operand reaches far from
// the address in the instruction: what counts is the address after that, at
// its full width, and only if it is the one that faulted.
func TestXSA195(t *testing.T) {
	for _, c := range []struct {
		name string
		code []byte
		bit  uint64
		move uint64 // from RDI, in bytes
	}{
		{"64 bits forward", []byte{0x48, 0x0f, 0xab, 0x07}, 1 << 62, 1 << 59},
		{"64 bits, the furthest forward", []byte{0x48, 0x0f, 0xb3, 0x07}, 1<<63 - 1, 1<<60 - 8},
		{"64 bits, the furthest back", []byte{0x48, 0x0f, 0xbb, 0x07}, 1 << 63, ^uint64(1<<60 - 1)},
		{"64 bits, one back", []byte{0x48, 0x0f, 0xab, 0x07}, ^uint64(0), ^uint64(7)},
		{"64 bits, past 32", []byte{0x48, 0x0f, 0xab, 0x07}, 1 << 35, 1 << 32},
		{"32 bits of the register, signed", []byte{0x0f, 0xab, 0x07}, 0x1234_5678_8000_0000, ^uint64(1<<28 - 1)},
		{"32 bits forward", []byte{0x0f, 0xab, 0x07}, 0xffff_ffff_7fff_ffff, 1<<28 - 4},
		{"16 bits", []byte{0x66, 0x0f, 0xab, 0x07}, 0xffff_ffff_ffff_8000, ^uint64(1<<12 - 1)},
		{"an immediate doesn't reach", []byte{0x48, 0x0f, 0xba, 0x2f, 0xff}, 0, 0},
	} {
		i := decode(t, c.code...)
		// The instruction's own address is a table; where it reaches to is not.
		s := registers(map[exit.GPR]uint64{exit.RDI: table, exit.RAX: c.bit})
		assert.Equal(t, frame.VAddr(table+c.move), i.Address(&s), c.name)
		if c.move != 0 {
			g := oneTable()
			_, r := Propose(&i, &s, table, g)
			assert.Equal(t, Result{}, r, c.name)
			assert.Empty(t, g.accesses, c.name)
		}
		// The other way round.
		s.GPR[exit.RDI] = table - c.move
		u, r := Propose(&i, &s, table, oneTable())
		require.Equal(t, Wanted, r.Verdict, c.name)
		assert.Equal(t, frame.VAddr(table), u.Address, c.name)
	}
}

// TestXSA298 is about descriptors read for an instruction's segment without a
// look at the table's limit. Here none is read: the four flat segments have no
// base, FS and GS have the one given, and memory is touched at the operand alone.
func TestXSA298(t *testing.T) {
	for prefix, base := range map[byte]uint64{0x26: 0, 0x2e: 0, 0x36: 0, 0x3e: 0, 0x64: 0x3000, 0x65: 0x5000} {
		s := registers(map[exit.GPR]uint64{exit.RSI: table - base})
		s.FSBase, s.GSBase = 0x3000, 0x5000
		i := decode(t, prefix, 0x6e) // outsb
		g := oneTable()
		require.Equal(t, Wanted, Execute(&i, &s, kernelMode, g).Verdict)
		assert.Equal(t, []frame.VAddr{table}, g.accesses, "prefix %#x", prefix)
	}
	// Code in a segment with a base and a limit is not looked at.
	for _, code := range [][]byte{{0x6e}, {0x0f, 0xa2}, {0x48, 0x89, 0x37}} {
		s := registers(map[exit.GPR]uint64{exit.RDI: table})
		s.Long = false
		i := decode(t, code...)
		g := oneTable()
		assert.Equal(t, Result{}, Execute(&i, &s, kernelMode, g))
		_, r := Propose(&i, &s, table, g)
		assert.Equal(t, Result{}, r)
		assert.Empty(t, g.accesses)
	}
}

// TestXSA170 is about a vCPU entered with a RIP that is not canonical. An
// instruction that ends at the edge has its effect, and then the guest gets
// what the next fetch would give it; it is never told to go on there.
func TestXSA170(t *testing.T) {
	const edge = 1 << 47
	gp := Result{Verdict: Raise, Exception: Exception{Vector: x86.VectorGP}}
	for _, flags := range []uint64{0, x86.FlagTF} {
		i := decode(t, 0x0f, 0x32) // rdmsr
		s := registers(nil)
		s.RIP, s.Flags = edge-2, s.Flags|flags
		require.Equal(t, Wanted, Execute(&i, &s, kernelMode, &fake{}).Verdict)
		assert.Equal(t, gp, Complete(&i, &s, Answer{Value: 5}, &fake{}))
		assert.Equal(t, uint64(edge), s.RIP)
		assert.Equal(t, uint64(5), s.GPR[exit.RAX])

		i = decode(t, 0x48, 0xab) // stosq
		s = registers(map[exit.GPR]uint64{exit.RDI: table})
		s.RIP, s.Flags = edge-1, s.Flags|flags
		u, r := Propose(&i, &s, table, oneTable())
		require.Equal(t, Wanted, r.Verdict)
		assert.Equal(t, gp, u.Commit(&s))
		assert.Equal(t, uint64(table+8), s.GPR[exit.RDI])

		i = decode(t, 0x0f, 0x01, 0x38) // invlpg of no page
		s = registers(map[exit.GPR]uint64{exit.RAX: edge})
		s.RIP, s.Flags = edge-3, s.Flags|flags
		assert.Equal(t, gp, Execute(&i, &s, kernelMode, &fake{}))
	}
	// The other end of the address space wraps to 0, as on hardware.
	i := decode(t, 0xf4)
	s := registers(nil)
	s.RIP = ^uint64(0)
	assert.Equal(t, Result{Verdict: Done}, Complete(&i, &s, Answer{}, &fake{}))
	assert.Zero(t, s.RIP)
}

// TestXSA156 is about a CPU that does nothing any more but deliver one
// exception. A guest that asks for as much work as an instruction can, with a
// trap after each piece, gets one piece and one trap for a call.
func TestXSA156(t *testing.T) {
	for _, code := range [][]byte{{0xf3, 0x6e}, {0xf3, 0x6c}, {0xf3, 0x48, 0xab}, {0xf3, 0x48, 0xa5}} {
		i := decode(t, code...)
		s := registers(map[exit.GPR]uint64{exit.RCX: ^uint64(0), exit.RSI: table, exit.RDI: table})
		s.Flags |= x86.FlagTF
		g := oneTable()
		var r Result
		if i.Op.writesMemory() {
			var u Update
			u, r = Propose(&i, &s, table, g)
			require.Equal(t, Wanted, r.Verdict)
			r = u.Commit(&s)
		} else {
			require.Equal(t, Wanted, Execute(&i, &s, kernelMode, g).Verdict)
			r = Complete(&i, &s, Answer{}, g)
		}
		assert.Equal(t, Result{Verdict: Done, Step: true}, r, "%v", i.Op)
		assert.Equal(t, ^uint64(1), s.GPR[exit.RCX])
		assert.Equal(t, uint64(start), s.RIP)
		assert.LessOrEqual(t, len(g.accesses), 3)
	}
}
