package emul

import (
	"encoding/binary"

	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// fake is a guest with memory in one place, and no other. It is as fussy as the
// contract allows.
type fake struct {
	at       frame.VAddr
	data     []byte
	readOnly bool
	ports    map[uint16]bool
	accesses []frame.VAddr
}

func (f *fake) reach(a frame.VAddr, size uint8, code uint32) ([]byte, Exception, bool) {
	f.accesses = append(f.accesses, a)
	n := uint64(a - f.at)
	if n >= uint64(len(f.data)) || n+uint64(size) > uint64(len(f.data)) {
		return nil, Exception{Vector: x86.VectorPF, Code: code, CR2: a}, false
	}
	return f.data[n : n+uint64(size)], Exception{}, true
}

func (f *fake) Load(a frame.VAddr, size uint8) (uint64, Exception, bool) {
	b, e, ok := f.reach(a, size, 4)
	if !ok {
		return 0, e, false
	}
	var v [8]byte
	copy(v[:], b)
	return binary.LittleEndian.Uint64(v[:]) | ^mask(size), e, true // what is too much is to be ignored
}

func (f *fake) Store(a frame.VAddr, size uint8, v uint64) (Exception, bool) {
	if e, ok := f.Writable(a, size); !ok {
		return e, false
	}
	if v&^mask(size) != 0 {
		panic("too much to store")
	}
	b, _, _ := f.reach(a, size, 6)
	var w [8]byte
	binary.LittleEndian.PutUint64(w[:], v)
	copy(b, w[:size])
	return Exception{}, true
}

func (f *fake) Writable(a frame.VAddr, size uint8) (Exception, bool) {
	_, e, ok := f.reach(a, size, 6)
	if ok && f.readOnly {
		return Exception{Vector: x86.VectorPF, Code: 7, CR2: a}, false
	}
	return e, ok
}

func (f *fake) PortAllowed(port uint16, size uint8) bool {
	for n := range uint16(size) {
		if !f.ports[port+n] {
			return false
		}
	}
	return true
}

func codeOf(b []byte) (c exit.Code) {
	c.N = uint8(copy(c.Bytes[:], b))
	return c
}
