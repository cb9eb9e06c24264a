package sockets

import (
	"errors"
	"syscall"
	"unsafe"
)

// errShort says that a message had no room.
var errShort = errors.New("the message is longer")

// at is a variable of the caller's, which package syscall keeps where it is until the call returns.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// bytesAt is memory of the caller's.
func bytesAt(address, size uintptr) []byte {
	if size == 0 {
		return nil
	}
	return unsafe.Slice(at[byte](address), size)
}

// vectors is memory in parts.
func vectors(address, count uintptr) ([][]byte, syscall.Errno) {
	const most = 1024 // UIO_MAXIOV
	if count > most {
		return nil, syscall.EINVAL
	}
	var parts [][]byte
	for i := range count {
		v := at[syscall.Iovec](address + i*unsafe.Sizeof(syscall.Iovec{}))
		if v.Len > 0 {
			parts = append(parts, unsafe.Slice(v.Base, v.Len))
		}
	}
	return parts, 0
}

// structure is a variable's bytes, as the calls' structures and options are passed.
func structure[T any](v T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))...)
}

// parse is the reverse of structure. Of a shorter slice the rest is zero.
func parse[T any](b []byte) (v T) {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)), b)
	return v
}

// giveBack writes a result and its length to where the caller wants them: as much as there is room for.
func giveBack(result []byte, to, length uintptr) {
	if to == 0 || length == 0 {
		return
	}
	size := at[uint32](length)
	copy(bytesAt(to, uintptr(*size)), result)
	*size = uint32(len(result))
}
