package x86

import "unsafe"

// TableRegister is the operand of LGDT and LIDT: a 16-bit limit and a 64-bit
// base with no gap between them, so that the first three words go unused.
type TableRegister struct {
	_     [3]uint16
	limit uint16
	base  uint64
}

// Set describes a table of size bytes at base.
func (r *TableRegister) Set(base unsafe.Pointer, size uintptr) {
	r.limit = uint16(size - 1)
	r.base = uint64(uintptr(base))
}
