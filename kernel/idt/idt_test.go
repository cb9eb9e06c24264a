package idt

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/layout"
	"tuco/kernel/percpu"
	"tuco/kernel/x86"
)

// TestStubs reads the code: an error code where the processor pushes none, then
// a call of common whose return address tells the vector.
func TestStubs(t *testing.T) {
	for v := range 256 {
		at := stubs()
		code := (*[stubSize]byte)(unsafe.Add(layout.Pointer(at), v*stubSize))
		want := [2]byte{0x6a, 0x00} // PUSH 0
		if x86.Vector(v).HasErrorCode() {
			want = [2]byte{0x66, 0x90} // a NOP
		}
		assert.Equal(t, want[:], code[:2], v)
		assert.EqualValues(t, 0xe8, code[2], v)
		next := int64(at) + int64(v+1)*stubSize
		assert.Equal(t, int64(commonStart()), next+int64(int32(binary.LittleEndian.Uint32(code[3:]))), v)
		assert.Equal(t, x86.Vector(v), (&Frame{stub: uint64(next)}).Vector())
	}
}

// TestFrame has the order in which common and the processor push.
func TestFrame(t *testing.T) {
	var f Frame
	assert.EqualValues(t, 14*8, unsafe.Offsetof(f.RAX)-unsafe.Offsetof(f.R15))
	assert.EqualValues(t, 8, unsafe.Offsetof(f.stub)-unsafe.Offsetof(f.RAX))
	assert.EqualValues(t, 8, unsafe.Offsetof(f.ErrorCode)-unsafe.Offsetof(f.stub))
	assert.EqualValues(t, 8, unsafe.Offsetof(f.RIP)-unsafe.Offsetof(f.ErrorCode))
	assert.EqualValues(t, 32, unsafe.Offsetof(f.SS)-unsafe.Offsetof(f.RIP))
	assert.Zero(t, unsafe.Sizeof(f)%16, "the handler's stack stays aligned")
}

func TestGates(t *testing.T) {
	assert.EqualValues(t, 16, unsafe.Sizeof(gate{}))
	Init(func(*Frame) {})
	stacks := map[x86.Vector]percpu.StackKind{
		x86.VectorNMI: percpu.NMI, x86.VectorDF: percpu.DoubleFault, x86.VectorMC: percpu.MachineCheck,
		x86.VectorPF: percpu.Fault, BugVector: percpu.Fault, 0xf0: percpu.Main, 0x2f: percpu.Main,
	}
	for v, k := range stacks {
		g := &gates[v]
		at := uint64(g.offsetLow) | uint64(g.offsetMid)<<16 | uint64(g.offsetHigh)<<32
		assert.Equal(t, uint64(stubs())+uint64(v)*stubSize, at, v)
		assert.EqualValues(t, 0x8e, g.attributes)
		assert.EqualValues(t, percpu.SelectorCode, g.selector)
		assert.Equal(t, k.IST(), g.ist, v)
	}
	UseMainStackOnly(true)
	for v := range stacks {
		assert.Zero(t, gates[v].ist, v)
	}
	UseMainStackOnly(false)
	for v, k := range stacks {
		assert.Equal(t, k.IST(), gates[v].ist, v)
	}
}

func TestDispatch(t *testing.T) {
	var other, own int
	Init(func(*Frame) { other++ })
	SetHandler(0xe0, func(f *Frame) { own++; assert.EqualValues(t, 0xe0, f.Vector()) })
	defer func() { handlers[0xe0] = nil }()
	frameOf := func(v uint64) *Frame { return &Frame{stub: uint64(stubs()) + (v+1)*stubSize, RFLAGS: x86.FlagIF} }
	dispatch(frameOf(0xe0))
	dispatch(frameOf(0xe1))
	assert.Equal(t, [2]int{1, 1}, [2]int{own, other})
	assert.Panics(t, func() { SetHandler(0xe0, nil) }, "a vector has one handler")
}
