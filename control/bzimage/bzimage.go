// Package bzimage takes the kernel out of a Linux bzImage ("vmlinuz"): the ELF file that lies compressed in it, which
// is what hypervisors load.
//
// u-root has a package of this name too, but that panics on truncated files, runs programs where it lacks a
// decompressor, and warns on the standard logger about every signed kernel.
package bzimage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat marks an error about a file that is not a bzImage with a kernel that can be unpacked.
var ErrFormat = errors.New("not a bzImage that can be unpacked")

type formatError struct{ text string }

func (e *formatError) Error() string        { return e.text }
func (e *formatError) Is(target error) bool { return target == ErrFormat }

func bad(format string, args ...any) error { return &formatError{fmt.Sprintf(format, args...)} }

// The setup header: Linux's Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
const (
	setupSectors  = 0x1f1 // one byte: sectors of real-mode code after the first; 0 means 4
	headerMagic   = 0x202 // "HdrS"
	version       = 0x206
	payloadOffset = 0x248 // from the protected-mode code, that is from behind the real-mode code
	payloadLength = 0x24c
	headerEnd     = 0x250

	sector         = 512
	payloadVersion = 0x0208 // the first version of the header that tells where the payload is
)

// HeaderSize is how much of a file Is has to see.
const HeaderSize = headerEnd

// kernelMax is more than any kernel has.
const kernelMax = 1 << 30

// Is tells whether a file is a bzImage by its magic number.
func Is(image []byte) bool {
	return len(image) >= headerEnd && string(image[headerMagic:headerMagic+4]) == "HdrS"
}

// Memory is how many bytes Unpack may take: the kernel, and as much again to look back into. It is 0 where Unpack fails.
func Memory(image []byte) int64 {
	payload, err := payload(image)
	if err != nil {
		return 0
	}
	return 2 * int64(sizeOf(payload))
}

// sizeOf is the kernel's size: the payload's last four bytes. In gzip's format they belong to it, to the others the kernel's build appends them.
func sizeOf(payload []byte) uint32 { return binary.LittleEndian.Uint32(payload[len(payload)-4:]) }

// Unpack gives the kernel in a bzImage, an ELF file.
func Unpack(image []byte) ([]byte, error) {
	payload, err := payload(image)
	if err != nil {
		return nil, err
	}
	format := compressionOf(payload)
	switch {
	case format == nil:
		return nil, bad("the kernel in the bzImage is compressed in an unknown way (it begins with % x)", payload[:magicMax])
	case format.open == nil:
		return nil, bad("the kernel in the bzImage is compressed with %s, which can't be unpacked here: unpack it with Linux's "+
			"scripts/extract-vmlinux, or build it with CONFIG_KERNEL_XZ, _LZ4, _GZIP or _ZSTD", format.name)
	}
	size := sizeOf(payload)
	if size > kernelMax {
		return nil, bad("the bzImage is damaged: its kernel would have %d bytes", size)
	}
	if !format.sized {
		payload = payload[:len(payload)-4]
	}
	kernel, err := unpack(format, payload, int(size))
	if err != nil {
		return nil, bad("the bzImage is damaged: %s: %v", format.name, err)
	}
	if !bytes.HasPrefix(kernel, []byte("\x7fELF")) {
		return nil, bad("the bzImage does not hold an ELF file")
	}
	return kernel, nil
}

// payload finds the compressed kernel.
func payload(image []byte) ([]byte, error) {
	if !Is(image) {
		return nil, bad("not a bzImage: no Linux setup header")
	}
	if v := binary.LittleEndian.Uint16(image[version:]); v < payloadVersion {
		return nil, bad("the bzImage has a boot protocol of version %d.%02d: 2.08 or later is needed (Linux 2.6.26)", v>>8, v&0xff)
	}
	sectors := uint64(image[setupSectors])
	if sectors == 0 {
		sectors = 4
	}
	start := (1+sectors)*sector + uint64(binary.LittleEndian.Uint32(image[payloadOffset:]))
	length := uint64(binary.LittleEndian.Uint32(image[payloadLength:]))
	if start > uint64(len(image)) || length > uint64(len(image))-start {
		return nil, bad("the bzImage is truncated: its kernel ends at offset %d, the file has %d bytes", start+length, len(image))
	}
	if length < magicMax+4 {
		return nil, bad("the bzImage holds no kernel")
	}
	return image[start:][:length], nil
}

// unpack reads a kernel of exactly size bytes.
func unpack(format *compression, payload []byte, size int) ([]byte, error) {
	reader, err := format.open(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	var kernel bytes.Buffer
	kernel.Grow(min(size, 64*len(payload)))
	n, err := io.Copy(&kernel, io.LimitReader(reader, int64(size)+1))
	switch {
	case err != nil:
		return nil, err
	case n != int64(size):
		return nil, fmt.Errorf("the kernel should have %d bytes, and has another size", size)
	}
	return kernel.Bytes(), nil
}
