package text

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLine(t *testing.T) {
	var l Line
	l.Str("a ").Dec(0).Str(" ").Dec(math.MaxUint64).Str(" ").Hex(0).Str(" ").Hex(0xdeadbeef).Str(" ").Hex(math.MaxUint64)
	assert.Equal(t, fmt.Sprintf("a 0 %d 0x0 0xdeadbeef 0xffffffffffffffff", uint64(math.MaxUint64)), string(l.Bytes()))
	l.Reset()
	assert.Empty(t, l.Bytes())
}

func TestSize(t *testing.T) {
	for v, want := range map[uint64]string{
		0: "0 B", 1: "1 B", 4097: "4097 B", 4096: "4 KiB", 512 << 20: "512 MiB",
		1 << 30: "1 GiB", 3 << 40: "3 TiB", 1 << 60: "1048576 TiB",
	} {
		var l Line
		assert.Equal(t, want, string(l.Size(v).Bytes()))
	}
}

func TestLineCutsWithoutLosingTheFact(t *testing.T) {
	var l Line
	l.Str(strings.Repeat("x", LineSize))
	assert.Equal(t, strings.Repeat("x", LineSize), string(l.Bytes()))
	l.Str("y")
	assert.Equal(t, strings.Repeat("x", LineSize-3)+"...", string(l.Bytes()))
	l.Str("more")
	assert.Equal(t, strings.Repeat("x", LineSize-3)+"...", string(l.Bytes()))
}

func TestQuoteShowsNothingRaw(t *testing.T) {
	var l Line
	assert.Equal(t, `"a\"\\\x1b[2J\x00\xff"`, string(l.Quote([]byte("a\"\\\x1b[2J\x00\xff")).Bytes()))
	l.Reset().Quote([]byte(strings.Repeat("z", 100)))
	assert.Equal(t, `"`+strings.Repeat("z", 64)+`..."`, string(l.Bytes()))
}

func TestTemplate(t *testing.T) {
	var l Line
	assert.Equal(t, "m 3 at 0x1000: 2 MiB, 100% %d %", string(l.Template("m %d at %x: %s, 100% %d %", 3, 0x1000, 2<<20).Bytes()))
}

func TestUint(t *testing.T) {
	for in, want := range map[string]uint64{
		"0": 0, "007": 7, "18446744073709551615": math.MaxUint64, "0x10": 16, "0XfF": 255,
	} {
		v, ok := Uint([]byte(in))
		assert.True(t, ok, in)
		assert.Equal(t, want, v, in)
	}
	for _, in := range []string{"", "-1", "+1", " 1", "1 ", "0x", "12a", "18446744073709551616", "0x10000000000000000", "99999999999999999999"} {
		_, ok := Uint([]byte(in))
		assert.False(t, ok, in)
	}
}

func TestBytes(t *testing.T) {
	for in, want := range map[string]uint64{
		"5": 5 << 10, "5B": 5, "5b": 5, "5k": 5 << 10, "512M": 512 << 20, "1g": 1 << 30, "2T": 2 << 40,
		"0x1b": 0x1b << 10, "0x10M": 16 << 20,
	} {
		v, ok := Bytes([]byte(in), 1<<10)
		assert.True(t, ok, in)
		assert.Equal(t, want, v, in)
	}
	for _, in := range []string{"", "M", "5MB", "5 M", "-5M", "16777216T", "99999999999999999999"} {
		_, ok := Bytes([]byte(in), 1<<10)
		assert.False(t, ok, in)
	}
}

func TestNear(t *testing.T) {
	names := []string{"name", "kernel", "ramdisk", "memory", "vcpus", "cap"}
	for word, want := range map[string]string{
		"kernle": "kernel", "Kernel": "kernel", "vcpu": "vcpus", "ram_disk": "ramdisk", "memroy": "memory",
		"disk": "", "x": "", "": "", strings.Repeat("kernel", 6): "",
	} {
		n := Near{Word: []byte(word)}
		for _, name := range names {
			n.Offer(name)
		}
		assert.Equal(t, want, n.Name(), word)
	}
}
