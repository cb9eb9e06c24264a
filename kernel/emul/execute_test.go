package emul

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// kernelMode is a policy that allows everything.
var kernelMode = Policy{Kernel: true, IO: true}

const start = 0x4000_0000

// registers makes a state of a few registers.
func registers(r map[exit.GPR]uint64) State {
	s := State{RIP: start, Flags: x86.FlagOne | x86.FlagIF, Long: true}
	for n := range s.GPR {
		s.GPR[n] = 0xdead_0000_0000_0000 + uint64(n)
	}
	for n, v := range r {
		s.GPR[n] = v
	}
	return s
}

func decode(t *testing.T, code ...byte) Instruction {
	t.Helper()
	i, ok := Decode(codeOf(code))
	require.True(t, ok, "% x", code)
	require.Equal(t, len(code), int(i.Length))
	return i
}

func TestExecute(t *testing.T) {
	type regs = map[exit.GPR]uint64
	for _, c := range []struct {
		name   string
		code   []byte
		in     regs
		effect Effect
		answer Answer
		out    regs
	}{
		{name: "mov rbx, cr3", code: []byte{0x0f, 0x20, 0xdb}, effect: Effect{Action: GetCR, Number: 3},
			answer: Answer{Value: 0x1234_5678_9000}, out: regs{exit.RBX: 0x1234_5678_9000}},
		{name: "mov cr4, r9", code: []byte{0x41, 0x0f, 0x22, 0xe1}, in: regs{exit.R9: 1 << 40},
			effect: Effect{Action: SetCR, Number: 4, Value: 1 << 40}},
		{name: "mov rsp, cr8", code: []byte{0x44, 0x0f, 0x20, 0xc4}, effect: Effect{Action: GetCR, Number: 8},
			answer: Answer{Value: 5}, out: regs{exit.RSP: 5}},
		{name: "mov rcx, dr6", code: []byte{0x0f, 0x21, 0xf1}, effect: Effect{Action: GetDR, Number: 6},
			answer: Answer{Value: 0xffff_0ff0}, out: regs{exit.RCX: 0xffff_0ff0}},
		{name: "mov dr4, rax", code: []byte{0x0f, 0x23, 0xe0}, in: regs{exit.RAX: 7}, effect: Effect{Action: SetDR, Number: 4, Value: 7}},
		{name: "clts", code: []byte{0x0f, 0x06}, effect: Effect{Action: ClearTS}},
		{name: "invd", code: []byte{0x0f, 0x08}, effect: Effect{Action: FlushCaches}},
		{name: "wbinvd", code: []byte{0x0f, 0x09}, effect: Effect{Action: FlushCaches}},
		{name: "invlpg [rax+8]", code: []byte{0x0f, 0x01, 0x78, 8}, in: regs{exit.RAX: 0x7000}, effect: Effect{Action: FlushPage, Address: 0x7008}},
		{name: "rdmsr", code: []byte{0x0f, 0x32}, in: regs{exit.RCX: 0xffff_ffff_c000_0080}, effect: Effect{Action: GetMSR, Number: 0xc000_0080},
			answer: Answer{Value: 0x1111_2222_3333_4444}, out: regs{exit.RAX: 0x3333_4444, exit.RDX: 0x1111_2222}},
		{name: "wrmsr", code: []byte{0x0f, 0x30}, in: regs{exit.RCX: 0x1b, exit.RAX: 0xaaaa_aaaa_3333_4444, exit.RDX: 0xbbbb_bbbb_1111_2222},
			effect: Effect{Action: SetMSR, Number: 0x1b, Value: 0x1111_2222_3333_4444}},
		{name: "rdtsc", code: []byte{0x0f, 0x31}, effect: Effect{Action: GetTSC}, answer: Answer{Value: 1<<32 + 2, Aux: 9},
			out: regs{exit.RAX: 2, exit.RDX: 1}},
		{name: "rdtscp", code: []byte{0x0f, 0x01, 0xf9}, effect: Effect{Action: GetTSC}, answer: Answer{Value: 1<<32 + 2, Aux: 9},
			out: regs{exit.RAX: 2, exit.RDX: 1, exit.RCX: 9}},
		{name: "rdpmc", code: []byte{0x0f, 0x33}, in: regs{exit.RCX: 1 << 30}, effect: Effect{Action: GetPMC, Number: 1 << 30},
			answer: Answer{Value: 3 << 32}, out: regs{exit.RAX: 0, exit.RDX: 3}},
		{name: "xgetbv", code: []byte{0x0f, 0x01, 0xd0}, in: regs{exit.RCX: 0}, effect: Effect{Action: GetXCR}, answer: Answer{Value: 7},
			out: regs{exit.RAX: 7, exit.RDX: 0}},
		{name: "xsetbv", code: []byte{0x0f, 0x01, 0xd1}, in: regs{exit.RCX: 0, exit.RAX: 7, exit.RDX: 1},
			effect: Effect{Action: SetXCR, Value: 1<<32 + 7}},
		{name: "cpuid", code: []byte{0x0f, 0xa2}, in: regs{exit.RAX: 1<<40 + 7, exit.RCX: 1<<40 + 2},
			effect: Effect{Action: GetCPUID, Number: 7, Value: 2}, answer: Answer{CPUID: [4]uint32{1, 2, 3, 1 << 31}},
			out: regs{exit.RAX: 1, exit.RBX: 2, exit.RCX: 3, exit.RDX: 1 << 31}},
		{name: "forced cpuid", code: []byte{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2}, in: regs{exit.RAX: 0x4000_0000, exit.RCX: 0},
			effect: Effect{Action: GetCPUID, Number: 0x4000_0000}, answer: Answer{CPUID: [4]uint32{1, 2, 3, 4}},
			out: regs{exit.RAX: 1, exit.RBX: 2, exit.RCX: 3, exit.RDX: 4}},
		{name: "hlt", code: []byte{0xf4}, effect: Effect{Action: Halt}},
		{name: "cli", code: []byte{0xfa}, effect: Effect{Action: MaskEvents}},
		{name: "in al, 0x80", code: []byte{0xe4, 0x80}, in: regs{exit.RAX: 0x1122_3344_5566_7788}, effect: Effect{Action: PortIn, Number: 0x80, Size: 1},
			answer: Answer{Value: 0xfff}, out: regs{exit.RAX: 0x1122_3344_5566_77ff}},
		{name: "in ax, dx", code: []byte{0x66, 0xed}, in: regs{exit.RAX: 0x1122_3344_5566_7788, exit.RDX: 0xfff0_3f8}, effect: Effect{Action: PortIn, Number: 0x3f8, Size: 2},
			answer: Answer{Value: 0xabcd}, out: regs{exit.RAX: 0x1122_3344_5566_abcd}},
		{name: "in eax, dx", code: []byte{0xed}, in: regs{exit.RDX: 0xcfc}, effect: Effect{Action: PortIn, Number: 0xcfc, Size: 4},
			answer: Answer{Value: ^uint64(0)}, out: regs{exit.RAX: 0xffff_ffff}},
		{name: "out 0x70, al", code: []byte{0xe6, 0x70}, in: regs{exit.RAX: 0x1234}, effect: Effect{Action: PortOut, Number: 0x70, Size: 1, Value: 0x34}},
		{name: "out dx, eax", code: []byte{0xef}, in: regs{exit.RAX: 1<<40 + 5, exit.RDX: 0xcf8}, effect: Effect{Action: PortOut, Number: 0xcf8, Size: 4, Value: 5}},
	} {
		i := decode(t, c.code...)
		s := registers(c.in)
		s.Flags |= x86.FlagRF
		want := s
		g := &fake{}
		r := Execute(&i, &s, kernelMode, g)
		assert.Equal(t, Result{Verdict: Wanted, Effect: c.effect}, r, c.name)
		assert.Equal(t, want, s, c.name)
		r = Complete(&i, &s, c.answer, g)
		assert.Equal(t, Result{Verdict: Done}, r, c.name)
		want.RIP += uint64(len(c.code))
		want.Flags &^= x86.FlagRF
		for n, v := range c.out {
			want.GPR[n] = v
		}
		assert.Equal(t, want, s, c.name)
		assert.Empty(t, g.accesses, c.name)
	}
}

func TestInterruptShadow(t *testing.T) {
	i := decode(t, 0xfb)
	s := registers(nil)
	r := Execute(&i, &s, kernelMode, &fake{})
	assert.Equal(t, UnmaskEvents, r.Effect.Action)
	r = Complete(&i, &s, Answer{}, &fake{})
	assert.Equal(t, Result{Verdict: Done, Shadow: true}, r)
}

func TestSingleStep(t *testing.T) {
	for _, code := range [][]byte{{0xf4}, {0xfb}, {0x0f, 0x32}, {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2}} {
		i := decode(t, code...)
		s := registers(nil)
		s.Flags |= x86.FlagTF
		r := Execute(&i, &s, kernelMode, &fake{})
		assert.False(t, r.Step, "nothing has been done yet")
		assert.True(t, Complete(&i, &s, Answer{}, &fake{}).Step, "% x", code)
		assert.NotZero(t, s.Flags&x86.FlagTF)
	}
}

// TestModes shows which instruction each mode and privilege allows.
func TestModes(t *testing.T) {
	type p = Policy
	gp := Result{Verdict: Raise, Exception: Exception{Vector: x86.VectorGP}}
	user, io, tsc, pmc, kernel := p{}, p{IO: true}, p{UserTSC: true}, p{UserPMC: true}, p{Kernel: true}
	all := []p{user, io, tsc, pmc, kernel}
	for _, c := range []struct {
		code    []byte
		allowed []p
	}{
		{[]byte{0x0f, 0x20, 0xc0}, []p{kernel}}, {[]byte{0x0f, 0x22, 0xd8}, []p{kernel}},
		{[]byte{0x0f, 0x21, 0xc0}, []p{kernel}}, {[]byte{0x0f, 0x23, 0xc0}, []p{kernel}},
		{[]byte{0x0f, 0x06}, []p{kernel}}, {[]byte{0x0f, 0x08}, []p{kernel}}, {[]byte{0x0f, 0x09}, []p{kernel}},
		{[]byte{0x0f, 0x01, 0x38}, []p{kernel}}, {[]byte{0x0f, 0x30}, []p{kernel}}, {[]byte{0x0f, 0x32}, []p{kernel}},
		{[]byte{0x0f, 0x01, 0xd1}, []p{kernel}}, {[]byte{0xf4}, []p{kernel}},
		{[]byte{0x0f, 0x31}, []p{kernel, tsc}}, {[]byte{0x0f, 0x01, 0xf9}, []p{kernel, tsc}}, {[]byte{0x0f, 0x33}, []p{kernel, pmc}},
		{[]byte{0x0f, 0xa2}, all}, {[]byte{0x0f, 0x01, 0xd0}, all}, {[]byte{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2}, all},
		{[]byte{0xfa}, []p{io}}, {[]byte{0xfb}, []p{io}},
		{[]byte{0xec}, []p{io}}, {[]byte{0xef}, []p{io}}, {[]byte{0x6c}, []p{io}}, {[]byte{0x6f}, []p{io}},
	} {
		i := decode(t, c.code...)
		g := &fake{at: 0x1000, data: make([]byte, 16)}
		s := registers(map[exit.GPR]uint64{exit.RAX: 0x1000, exit.RSI: 0x1000, exit.RDI: 0x1000})
		for _, policy := range all {
			r := Execute(&i, &s, policy, g)
			if assert.ObjectsAreEqual(gp, r) {
				assert.NotContains(t, c.allowed, policy, "%v", i.Op)
			} else {
				assert.Equal(t, Wanted, r.Verdict, "%v", i.Op)
				assert.Contains(t, c.allowed, policy, "%v", i.Op)
			}
		}
		assert.Equal(t, uint64(start), s.RIP)
		s.Long = false
		assert.Equal(t, Result{}, Execute(&i, &s, kernelMode, g), "%v in a 32-bit segment", i.Op)
	}
}

// TestPortPermission shows that all ports of an access count.
func TestPortPermission(t *testing.T) {
	g := &fake{ports: map[uint16]bool{0x60: true, 0x61: true, 0xffff: true, 0: true, 1: true, 2: true}}
	for code, allowed := range map[[2]byte]bool{
		{0xe4, 0x60}: true, {0xe6, 0x61}: true, {0xe5, 0x60}: false, {0xe7, 0x61}: false, {0xe4, 0x62}: false,
	} {
		i := decode(t, code[:]...)
		s := registers(nil)
		r := Execute(&i, &s, Policy{Kernel: true}, g)
		assert.Equal(t, allowed, r.Verdict == Wanted, "% x", code)
		if !allowed {
			assert.Equal(t, Result{Verdict: Raise, Exception: Exception{Vector: x86.VectorGP}}, r)
		}
	}
	for code, allowed := range map[byte]bool{0xec: true, 0xed: false} { // the last port, and past it
		i := decode(t, code)
		s := registers(map[exit.GPR]uint64{exit.RDX: 0xffff})
		for _, p := range []Policy{{Kernel: true}, kernelMode} {
			assert.Equal(t, allowed, Execute(&i, &s, p, g).Verdict == Wanted, "%#x", code)
		}
	}
}

func TestPortStrings(t *testing.T) {
	type regs = map[exit.GPR]uint64
	g := &fake{at: 0x1000, data: []byte{1, 2, 3, 4, 5, 6, 7, 8}}

	t.Run("rep outsb", func(t *testing.T) {
		i := decode(t, 0xf3, 0x6e)
		s := registers(regs{exit.RSI: 0x1000, exit.RCX: 3, exit.RDX: 0x3f8})
		for n := range uint64(3) {
			assert.Equal(t, uint64(start), s.RIP)
			r := Execute(&i, &s, kernelMode, g)
			assert.Equal(t, Effect{Action: PortOut, Number: 0x3f8, Size: 1, Value: n + 1}, r.Effect)
			assert.Equal(t, Result{Verdict: Done}, Complete(&i, &s, Answer{}, g))
			assert.Equal(t, 2-n, s.GPR[exit.RCX])
			assert.Equal(t, n < 2, s.Flags&x86.FlagRF != 0, "between iterations an instruction breakpoint is not hit again")
		}
		assert.Equal(t, uint64(start+2), s.RIP)
		assert.Equal(t, uint64(0x1003), s.GPR[exit.RSI])
	})

	t.Run("insd downwards, short", func(t *testing.T) {
		i := decode(t, 0x67, 0x6d)
		s := registers(regs{exit.RDI: 0xffff_ffff_0000_1004, exit.RDX: 0x1f0})
		s.Flags |= x86.FlagDF
		r := Execute(&i, &s, kernelMode, g)
		assert.Equal(t, Effect{Action: PortIn, Number: 0x1f0, Size: 4}, r.Effect)
		assert.Equal(t, Result{Verdict: Done}, Complete(&i, &s, Answer{Value: 0x1_0403_0201}, g))
		assert.Equal(t, []byte{1, 2, 3, 4, 1, 2, 3, 4}, g.data)
		assert.Equal(t, uint64(0x1000), s.GPR[exit.RDI])
		assert.Equal(t, uint64(start+2), s.RIP)
	})

	t.Run("outs from a segment", func(t *testing.T) {
		i := decode(t, 0x65, 0x6e)
		s := registers(regs{exit.RSI: 1})
		s.GSBase = 0x1000
		assert.Equal(t, uint64(2), Execute(&i, &s, kernelMode, g).Effect.Value)
	})

	t.Run("nothing to repeat", func(t *testing.T) {
		i := decode(t, 0xf2, 0x6c)
		s := registers(regs{exit.RCX: 0, exit.RDI: 0})
		assert.Equal(t, Result{Verdict: Done}, Execute(&i, &s, kernelMode, g))
		assert.Equal(t, uint64(start+2), s.RIP)

		i = decode(t, 0x67, 0xf2, 0x6c)
		s = registers(regs{exit.RCX: 1 << 32, exit.RDI: 0})
		assert.Equal(t, Result{Verdict: Done}, Execute(&i, &s, kernelMode, g), "the count has 32 bits")
	})

	t.Run("step after each iteration", func(t *testing.T) {
		i := decode(t, 0xf3, 0x6e)
		s := registers(regs{exit.RSI: 0x1000, exit.RCX: 2})
		s.Flags |= x86.FlagTF
		for range 2 {
			require.Equal(t, Wanted, Execute(&i, &s, kernelMode, g).Verdict)
			assert.Equal(t, Result{Verdict: Done, Step: true}, Complete(&i, &s, Answer{}, g))
		}
	})
}

// TestPortMemory shows that a fault comes before the device is touched, and
// changes nothing.
func TestPortMemory(t *testing.T) {
	type regs = map[exit.GPR]uint64
	pf := func(code uint32, a frame.VAddr) Exception {
		return Exception{Vector: x86.VectorPF, Code: code, CR2: a}
	}
	for _, c := range []struct {
		name     string
		code     []byte
		in       regs
		readOnly bool
		want     Exception
	}{
		{"outs", []byte{0x6f}, regs{exit.RSI: 0x2000}, false, pf(4, 0x2000)},
		{"ins", []byte{0x6d}, regs{exit.RDI: 0x2000}, false, pf(6, 0x2000)},
		{"ins, read-only", []byte{0x6d}, regs{exit.RDI: 0x1000}, true, pf(7, 0x1000)},
		{"outs, not canonical", []byte{0x6f}, regs{exit.RSI: 1 << 47}, false, Exception{Vector: x86.VectorGP}},
		{"outs, its end not canonical", []byte{0x6f}, regs{exit.RSI: 1<<47 - 3}, false, Exception{Vector: x86.VectorGP}},
		{"ins, not canonical", []byte{0x6d}, regs{exit.RDI: 1 << 63}, false, Exception{Vector: x86.VectorGP}},
		{"ins around the end", []byte{0x6d}, regs{exit.RDI: ^uint64(0)}, false, Exception{Vector: x86.VectorGP}},
	} {
		g := &fake{at: 0x1000, data: make([]byte, 8), readOnly: c.readOnly}
		i := decode(t, c.code...)
		s := registers(c.in)
		before := s
		assert.Equal(t, Result{Verdict: Raise, Exception: c.want}, Execute(&i, &s, kernelMode, g), c.name)
		assert.Equal(t, before, s, c.name)
	}
	// Memory that goes away while the device is read.
	g := &fake{at: 0x1000, data: make([]byte, 8)}
	i := decode(t, 0x6d)
	s := registers(regs{exit.RDI: 0x1000})
	before := s
	require.Equal(t, Wanted, Execute(&i, &s, kernelMode, g).Verdict)
	g.data = nil
	assert.Equal(t, Result{Verdict: Raise, Exception: pf(6, 0x1000)}, Complete(&i, &s, Answer{}, g))
	assert.Equal(t, before, s)
}

func TestInvlpgOfNoPage(t *testing.T) {
	i := decode(t, 0x0f, 0x01, 0x38)
	s := registers(map[exit.GPR]uint64{exit.RAX: 1 << 50})
	assert.Equal(t, Result{Verdict: Done}, Execute(&i, &s, kernelMode, &fake{}))
	assert.Equal(t, uint64(start+3), s.RIP)
}

func TestNotExecuted(t *testing.T) {
	s := registers(nil)
	for _, op := range []Op{Invalid, ADD, BTC, Ops, group, 255} {
		i := Instruction{Op: op, Length: 3}
		assert.Equal(t, Result{}, Execute(&i, &s, kernelMode, &fake{}), op)
	}
}

func TestEvent(t *testing.T) {
	assert.Equal(t, exit.Fault(x86.VectorPF, 7), Exception{Vector: x86.VectorPF, Code: 7, CR2: 0x1000}.Event())
}
