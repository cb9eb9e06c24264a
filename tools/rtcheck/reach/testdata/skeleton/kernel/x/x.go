// Package x does what kernel code is allowed to do.
package x

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

type device interface{ read(n int) int }

type disk struct{ sectors [8]int }
type null struct{ count int }

func (d *disk) read(n int) int { return d.sectors[n] }
func (d *null) read(n int) int { d.count += n; return 0 }

type call struct {
	name string
	f    func(int) int
}

var (
	theDisk disk
	theNull null
	devices = [...]device{&theDisk, &theNull}
	calls   = []call{{"double", func(n int) int { return 2 * n }}, {"half", half}}
	count   atomic.Uint64
	page    [4096]byte
	copyOf  [4096]byte
)

func half(n int) int { return n / int(count.Load()) }

func total[T ~int | ~uint64](list ...T) (sum T) {
	for _, v := range list {
		sum += v
	}
	return sum
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func kind(v any) int {
	switch v.(type) {
	case *disk:
		return 1
	case *null:
		return 2
	}
	return v.(*call).f(1)
}

//go:noinline
func F(n int) int {
	for _, d := range devices {
		n += d.read(n)
	}
	for i := range upTo(n) {
		n += i
	}
	for _, r := range calls[n&1].name {
		n += int(r)
	}
	switch calls[n].name {
	case "double", "half", "third":
		n++
	}
	copy(page[:], copyOf[n:])
	clear(page[n:])
	if page == copyOf {
		n += total(1, 2, n)
	}
	count.Add(uint64(n << n))
	n += calls[n].f(n) + kind(&theNull) + bits.Len(uint(n)) + bits.OnesCount(uint(n))
	n += int(binary.LittleEndian.Uint32(page[n:]))
	n += len(unsafe.String(&page[0], n)) + len(unsafe.Slice(&page[0], n))
	if n == 77 {
		panic("seventy-seven")
	}
	return n
}
