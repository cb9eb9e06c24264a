package sockets

import (
	"bytes"
	"errors"
	"syscall"
	"unsafe"
)

// errShort says that a message had no room.
var errShort = errors.New("the message is longer")

// bytesAt is memory of the caller's.
func bytesAt(p unsafe.Pointer, size uint32) []byte { return unsafe.Slice((*byte)(p), size) }

// gather is the memory of a message's data, whose parts a call names. Netstack and calls that wait keep it where a goroutine's
// stack does not reach: where the parts may lie on the caller's, it is a copy.
func gather(parts []syscall.Iovec, onStack bool) (data [][]byte) {
	if !onStack {
		for _, v := range parts {
			data = append(data, unsafe.Slice(v.Base, v.Len))
		}
		return data
	}
	size := uint64(0)
	for _, v := range parts {
		size += v.Len
	}
	all := make([]byte, 0, size)
	for _, v := range parts {
		all = append(all, unsafe.Slice(v.Base, v.Len)...)
	}
	return [][]byte{all}
}

// scatter gives a copy back, if there is one.
func scatter(parts []syscall.Iovec, all []byte) {
	for _, v := range parts {
		all = all[copy(unsafe.Slice(v.Base, v.Len), all):]
	}
}

// structure is a variable's bytes, as the calls' structures and options are passed.
func structure[T any](v T) []byte {
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)))
}

// parse is the reverse of structure. Of a shorter slice the rest is zero.
func parse[T any](b []byte) (v T) {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)), b)
	return v
}
