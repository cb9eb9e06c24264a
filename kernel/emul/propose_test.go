package emul

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

const (
	table = 0x7000
	entry = 0x8000_0000_1234_5067 // at table+8
)

// oneTable is a guest with two entries at table.
func oneTable() *fake {
	g := &fake{at: table, data: make([]byte, 16)}
	g.Store(table+8, 8, entry)
	g.accesses = nil
	return g
}

func TestPropose(t *testing.T) {
	type regs = map[exit.GPR]uint64
	const cf, zf = x86.FlagCF, x86.FlagZF
	rdi := func(more regs) regs {
		r := regs{exit.RDI: table + 8}
		for n, v := range more {
			r[n] = v
		}
		return r
	}
	for _, c := range []struct {
		name    string
		code    []byte
		in      regs
		at      frame.VAddr // of the fault; table+8 if 0
		new     uint64
		compare bool
		out     regs
		flags   uint64 // of those that arithmetic sets
	}{
		{name: "set_pte: mov [rdi], rsi", code: []byte{0x48, 0x89, 0x37}, in: rdi(regs{exit.RSI: 5}), new: 5},
		{name: "pte_clear: mov qword [rdi], 0", code: []byte{0x48, 0xc7, 0x07, 0, 0, 0, 0}, in: rdi(nil)},
		{name: "mov qword [rdi], -1", code: []byte{0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff}, in: rdi(nil), new: ^uint64(0)},
		{name: "movabs [table+8], rax", code: []byte{0x48, 0xa3, 0x08, 0x70, 0, 0, 0, 0, 0, 0}, in: regs{exit.RAX: 6}, new: 6},
		{name: "mov [rdi], esi", code: []byte{0x89, 0x37}, in: rdi(regs{exit.RSI: 1<<40 + 5}), new: 0x8000_0000_0000_0005, compare: true},
		{name: "mov [rdi+4], esi", code: []byte{0x89, 0x77, 4}, in: rdi(regs{exit.RSI: 5}), at: table + 12, new: 0x0000_0005_1234_5067, compare: true},
		{name: "mov [rdi+6], si", code: []byte{0x66, 0x89, 0x77, 6}, in: rdi(regs{exit.RSI: 0xaaaa}), at: table + 14, new: 0xaaaa_0000_1234_5067, compare: true},
		{name: "mov [rdi+7], ah", code: []byte{0x88, 0x67, 7}, in: rdi(regs{exit.RAX: 0x1234}), at: table + 15, new: 0x1200_0000_1234_5067, compare: true},
		{name: "get_and_clear: xchg [rdi], rax", code: []byte{0x48, 0x87, 0x07}, in: rdi(regs{exit.RAX: 0}), compare: true, out: regs{exit.RAX: entry}},
		{name: "xchg [rdi], bh", code: []byte{0x86, 0x3f}, in: rdi(regs{exit.RBX: 0x11223344}), new: 0x8000_0000_1234_5033, compare: true, out: regs{exit.RBX: 0x11226744}},
		{name: "cmpxchg [rdi], rdx, equal", code: []byte{0xf0, 0x48, 0x0f, 0xb1, 0x17}, in: rdi(regs{exit.RAX: entry, exit.RDX: 9}), new: 9, compare: true,
			flags: zf | x86.FlagPF},
		{name: "wrprotect: lock btr qword [rdi], 1", code: []byte{0xf0, 0x48, 0x0f, 0xba, 0x37, 1}, in: rdi(nil), new: entry &^ 2, compare: true, flags: cf},
		{name: "lock btr qword [rdi], 129: modulo 64", code: []byte{0xf0, 0x48, 0x0f, 0xba, 0x37, 0x81}, in: rdi(nil), new: entry &^ 2, compare: true, flags: cf},
		{name: "lock and byte [rdi], ~2", code: []byte{0xf0, 0x80, 0x27, 0xfd}, in: rdi(nil), new: entry &^ 2, compare: true, flags: x86.FlagPF},
		{name: "lock or byte [rdi+1], 4", code: []byte{0xf0, 0x80, 0x4f, 1, 4}, in: rdi(nil), at: table + 9, new: entry | 0x400, compare: true},
		{name: "bts qword [rdi], rax", code: []byte{0x48, 0x0f, 0xab, 0x07}, in: rdi(regs{exit.RAX: 62}), new: entry | 1<<62, compare: true},
		{name: "btc qword [rdi], rax, one entry back", code: []byte{0x48, 0x0f, 0xbb, 0x07},
			in: regs{exit.RDI: table + 16, exit.RAX: ^uint64(0)}, new: entry ^ 1<<63, compare: true, flags: cf},
		{name: "and [rdi], rax", code: []byte{0x48, 0x21, 0x07}, in: rdi(regs{exit.RAX: 0xfff}), new: 0x067, compare: true},
		{name: "or [rdi], rax", code: []byte{0x48, 0x09, 0x07}, in: rdi(regs{exit.RAX: 0x800}), new: entry | 0x800, compare: true, flags: x86.FlagSF},
		{name: "xor [rdi], rax: to nothing", code: []byte{0x48, 0x31, 0x07}, in: rdi(regs{exit.RAX: entry}), compare: true, flags: zf | x86.FlagPF},
		{name: "add qword [rdi], 0x1000", code: []byte{0x48, 0x81, 0x07, 0, 0x10, 0, 0}, in: rdi(nil), new: entry + 0x1000, compare: true, flags: x86.FlagSF},
		{name: "sub qword [rdi], -1", code: []byte{0x48, 0x83, 0x2f, 0xff}, in: rdi(nil), new: entry + 1, compare: true, flags: cf | x86.FlagAF | x86.FlagSF},
		{name: "stosq", code: []byte{0x48, 0xab}, in: rdi(regs{exit.RAX: 3}), new: 3, out: regs{exit.RDI: table + 16}},
		{name: "movsq", code: []byte{0x48, 0xa5}, in: rdi(regs{exit.RSI: table}), new: 0, out: regs{exit.RDI: table + 16, exit.RSI: table + 8}},
		{name: "rep stosq, once", code: []byte{0xf3, 0x48, 0xab}, in: rdi(regs{exit.RAX: 0, exit.RCX: 1}), out: regs{exit.RDI: table + 16, exit.RCX: 0}},
	} {
		i := decode(t, c.code...)
		s := registers(c.in)
		before, want := s, s
		if c.at == 0 {
			c.at = table + 8
		}
		u, r := Propose(&i, &s, c.at, oneTable())
		require.Equal(t, Result{Verdict: Wanted}, r, c.name)
		assert.Equal(t, before, s, "%s: the state changes with Commit only", c.name)
		assert.Equal(t, []any{frame.VAddr(table + 8), uint64(entry), c.new, c.compare}, []any{u.Address, u.Old, u.New, u.Compare}, c.name)
		assert.Equal(t, Result{Verdict: Done}, u.Commit(&s), c.name)
		want.RIP += uint64(len(c.code))
		want.Flags |= c.flags
		for n, v := range c.out {
			want.GPR[n] = v
		}
		assert.Equal(t, want, s, c.name)
	}
}

// TestCompareFails is CMPXCHG with another value in RAX: there is nothing to write.
func TestCompareFails(t *testing.T) {
	i := decode(t, 0xf0, 0x48, 0x0f, 0xb1, 0x17)
	s := registers(map[exit.GPR]uint64{exit.RDI: table + 8, exit.RAX: 0})
	_, r := Propose(&i, &s, table+8, oneTable())
	assert.Equal(t, Result{Verdict: Done}, r)
	assert.Equal(t, uint64(entry), s.GPR[exit.RAX])
	assert.Equal(t, uint64(start+5), s.RIP)
	assert.Zero(t, s.Flags&x86.FlagZF)
}

// TestRepeatedStores makes one proposal for each iteration.
func TestRepeatedStores(t *testing.T) {
	i := decode(t, 0xf3, 0x48, 0xab)
	s := registers(map[exit.GPR]uint64{exit.RDI: table, exit.RAX: 0, exit.RCX: 2})
	s.Flags |= x86.FlagTF
	for n := range uint64(2) {
		assert.Equal(t, uint64(start), s.RIP)
		u, r := Propose(&i, &s, frame.VAddr(table+8*n), oneTable())
		require.Equal(t, Wanted, r.Verdict)
		assert.Equal(t, frame.VAddr(table+8*n), u.Address)
		assert.Equal(t, Result{Verdict: Done, Step: true}, u.Commit(&s))
		assert.Equal(t, 1-n, s.GPR[exit.RCX])
	}
	assert.Equal(t, uint64(start+3), s.RIP)
}

func TestNotProposed(t *testing.T) {
	type regs = map[exit.GPR]uint64
	store := []byte{0x48, 0x89, 0x37} // mov [rdi], rsi
	for _, c := range []struct {
		name string
		code []byte
		in   regs
		at   frame.VAddr
	}{
		{"another address", store, regs{exit.RDI: table}, table + 8},
		{"an address behind", store, regs{exit.RDI: table + 8}, table},
		{"across entries", store, regs{exit.RDI: table + 4}, table + 4},
		{"across entries, 4 bytes", []byte{0x89, 0x37}, regs{exit.RDI: table + 6}, table + 8},
		{"not canonical", store, regs{exit.RDI: 1 << 47}, 1 << 47},
		{"the source faulted, not the destination", []byte{0x48, 0xa5}, regs{exit.RSI: 0x100, exit.RDI: table}, 0x100},
		{"nothing left to repeat", []byte{0xf3, 0x48, 0xab}, regs{exit.RDI: table, exit.RCX: 0}, table},
		{"no write to memory", []byte{0x0f, 0x22, 0xd8}, nil, 0},
		{"no write to memory, with RDI right", []byte{0x6d}, regs{exit.RDI: table}, table},
	} {
		i := decode(t, c.code...)
		s := registers(c.in)
		before := s
		g := oneTable()
		_, r := Propose(&i, &s, c.at, g)
		assert.Equal(t, Result{}, r, c.name)
		assert.Equal(t, before, s, c.name)
		assert.Empty(t, g.accesses, c.name)
	}
	i := decode(t, store...)
	s := registers(regs{exit.RDI: table})
	s.Long = false
	_, r := Propose(&i, &s, table, oneTable())
	assert.Equal(t, Result{}, r)
}

func TestProposeFaults(t *testing.T) {
	type regs = map[exit.GPR]uint64
	for _, c := range []struct {
		name string
		code []byte
		in   regs
		at   frame.VAddr
		want Exception
	}{
		{"the table is gone", []byte{0x48, 0x89, 0x37}, regs{exit.RDI: 0x100}, 0x100, Exception{Vector: x86.VectorPF, Code: 4, CR2: 0x100}},
		{"no source", []byte{0x48, 0xa5}, regs{exit.RSI: 0x100, exit.RDI: table}, table, Exception{Vector: x86.VectorPF, Code: 4, CR2: 0x100}},
		{"source not canonical", []byte{0x48, 0xa5}, regs{exit.RSI: 1<<47 - 7, exit.RDI: table}, table, Exception{Vector: x86.VectorGP}},
	} {
		i := decode(t, c.code...)
		s := registers(c.in)
		before := s
		_, r := Propose(&i, &s, c.at, oneTable())
		assert.Equal(t, Result{Verdict: Raise, Exception: c.want}, r, c.name)
		assert.Equal(t, before, s, c.name)
	}
}
