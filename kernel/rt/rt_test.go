package rt

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
)

// The assembly functions take their arguments in registers. Declared with none,
// they can be called through a function type that has them.
func memmove()
func memclr()
func memequal()
func cmpstring()

func as[F any](f func()) F { return *(*F)(unsafe.Pointer(&f)) }

var (
	move    = as[func(to, from unsafe.Pointer, n uintptr)](memmove)
	clear0  = as[func(p unsafe.Pointer, n uintptr)](memclr)
	equal   = as[func(p, q unsafe.Pointer, n uintptr) bool](memequal)
	compare = as[func(a, b string) int](cmpstring)
)

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + 1)
	}
	return b
}

// TestMoveEveryOverlap compares with copy for all small sizes and distances.
func TestMoveEveryOverlap(t *testing.T) {
	const room = 160
	for n := range 72 {
		for from := range 72 {
			for to := range 72 {
				got, want := pattern(room), pattern(room)
				move(unsafe.Pointer(&got[to]), unsafe.Pointer(&got[from]), uintptr(n))
				copy(want[to:to+n], want[from:from+n])
				if !bytes.Equal(want, got) {
					require.Equal(t, want, got, "n %d from %d to %d", n, from, to)
				}
			}
		}
	}
}

// TestMoveAtRandom takes sizes, places and overlaps of every kind. It is no fuzz
// target: a build for fuzzing counts calls in the very registers that as relies on.
func TestMoveAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		const half = 1 << 13
		n, from, to := r.IntN(half)>>r.IntN(8), r.IntN(half), r.IntN(half)
		if r.IntN(2) == 0 {
			to = min(from+r.IntN(64), half)
		}
		got, want := pattern(2*half), pattern(2*half)
		move(unsafe.Pointer(&got[to]), unsafe.Pointer(&got[from]), uintptr(n))
		copy(want[to:to+n], want[from:from+n])
		require.True(t, bytes.Equal(want, got), "n %d from %d to %d", n, from, to)
	}
}

func TestMoveLarge(t *testing.T) {
	for _, n := range []int{4095, 4096, 4097, 10001} {
		for _, d := range []int{0, 1, 7, 8, 4096} {
			got, want := pattern(3*n), pattern(3*n)
			move(unsafe.Pointer(&got[d]), unsafe.Pointer(&got[0]), uintptr(n))
			copy(want[d:d+n], want[:n])
			assert.True(t, bytes.Equal(want, got), "up, n %d d %d", n, d)
			move(unsafe.Pointer(&got[0]), unsafe.Pointer(&got[d]), uintptr(n))
			copy(want, want[d:d+n])
			assert.True(t, bytes.Equal(want, got), "down, n %d d %d", n, d)
		}
	}
}

func TestClear(t *testing.T) {
	for n := range 800 {
		got, want := pattern(820), pattern(820)
		clear0(unsafe.Pointer(&got[9]), uintptr(n))
		clear(want[9 : 9+n])
		assert.Equal(t, want, got, n)
	}
}

func TestEqual(t *testing.T) {
	for n := range 40 {
		a, b := pattern(48), pattern(48)
		assert.True(t, equal(unsafe.Pointer(&a[3]), unsafe.Pointer(&b[3]), uintptr(n)))
		b[3+n]++ // just past the end
		assert.True(t, equal(unsafe.Pointer(&a[3]), unsafe.Pointer(&b[3]), uintptr(n)))
		for i := range n {
			c := pattern(48)
			c[3+i] ^= 0x80
			assert.False(t, equal(unsafe.Pointer(&a[3]), unsafe.Pointer(&c[3]), uintptr(n)), "n %d differs at %d", n, i)
		}
	}
}

func TestCompare(t *testing.T) {
	words := []string{"", "a", "ab", "abc", "b", "\x00", "\xff", "a\xff", "abd", strings.Repeat("x", 300)}
	for _, a := range words {
		for _, b := range words {
			assert.Equal(t, strings.Compare(a, b), compare(a, b), "%q %q", a, b)
		}
	}
}

func TestTyped(t *testing.T) {
	size := uintptr(16)
	from, to := pattern(64), make([]byte, 64)
	typedmemmove(&size, unsafe.Pointer(&to[0]), unsafe.Pointer(&from[0]))
	assert.Equal(t, from[:16], to[:16])
	assert.Equal(t, make([]byte, 48), to[16:])
	n := typedslicecopy(&size, unsafe.Pointer(&to[0]), 3, unsafe.Pointer(&from[0]), 4)
	assert.Equal(t, 3, n)
	assert.Equal(t, from[:48], to[:48])
	assert.Equal(t, make([]byte, 16), to[48:])
}

// TestBounds runs checks that fail in this program and decodes what the
// compiler noted about them.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		v    int32
		want string
		x, y int64
	}{
		// code + 9*(xReg | yReg<<1 | signed<<2 | x<<3 | y<<7), x and y registers
		{0 + 9*(1|2|4|5<<3|6<<7), "index out of range", 105, 106},
		// constant limit 4 in the upper bits, index in register 1
		{0 + 9*(1|4|1<<3|4<<7), "index out of range", 101, 4},
		{3 + 9*(2|7<<2|3<<7), "slice bounds out of range", 7, 103},
		{8 + 9*(1|4|2<<3|1<<7), "slice too short for the array", 102, 1},
		{-1, "slice bounds out of range", 0, 0},
	} {
		var regs [16]int64
		for i := range regs {
			regs[i] = 100 + int64(i)
		}
		b := decodeBounds(c.v)
		assert.Equal(t, c.want, b.name())
		assert.Equal(t, c.x, b.x.value(&regs))
		assert.Equal(t, c.y, b.y.value(&regs))
	}
}

func TestErrorsAreBugs(t *testing.T) {
	defer func() { klog.OnBug = nil }()
	var got string
	klog.OnBug = func(reason []byte) { got = string(reason); panic(nil) }
	for want, f := range map[string]func(){
		"integer divide by zero":               func() { textError("integer divide by zero") },
		"on purpose":                           func() { explicitPanic("on purpose") },
		"panic with a value that is no string": func() { explicitPanic(7) },
		"type assertion failed":                func() { typeAssertionError(nil, nil, nil) },
		"the kernel has no heap and something asked for memory from it": func() { heapUse(1, nil, false) },
	} {
		assert.Panics(t, f)
		assert.Equal(t, want, got)
	}
}

// TestStackOverflowRaisesABug reads the instruction.
func TestStackOverflowRaisesABug(t *testing.T) {
	code := *(*[2]byte)(layout.Pointer(frame.VAddr(stackOverflowAt())))
	assert.Equal(t, [2]byte{0xcd, byte(idt.BugVector)}, code)
	assert.True(t, IsStackOverflow(stackOverflowAt()+2))
}
