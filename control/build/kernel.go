package build

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"tuco/control/bzimage"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
)

// What is read here of an ELF file with 64-bit addresses, only to find out how much of it pvelf has to see. System V ABI, "Object Files".
const (
	elfHeader    = 64
	programsAt   = 32 // in the header
	programCount = 56
	programSize  = 56 // of an entry of the table
	typeNote     = 4  // PT_NOTE
)

// ErrRoom is wrapped by what refuses a kernel for the memory that it takes to read it.
var ErrRoom = errors.New("no memory to read the kernel")

// kernel is a kernel's file while a plan is made of it.
type kernel struct {
	*content
	room func() int64
	head []byte // the file's beginning, as far as it was read
}

// openKernel begins to read a kernel. A bzImage's is in memory then.
func openKernel(f File, room func() int64) (*kernel, error) {
	c, err := open(f)
	if err != nil {
		return nil, err
	}
	k := &kernel{content: c, room: room}
	err = k.grow(min(c.size, bzimage.HeaderSize))
	if err != nil || !bzimage.Is(k.head) {
		return k, err
	}
	if err := k.grow(c.size); err != nil {
		return nil, err
	}
	if err := k.fits(bzimage.Memory(k.head)); err != nil {
		return nil, err
	}
	unpacked, err := bzimage.Unpack(k.head)
	if err != nil {
		return nil, err
	}
	c, err = open(bytes.NewReader(unpacked))
	return &kernel{content: c, room: room}, err
}

// always is how many bytes there always is room for.
const always = 1 << 20

// fits fails if there is no room for so many bytes.
func (k *kernel) fits(bytes int64) error {
	if k.room == nil || bytes <= always {
		return nil
	}
	if room := k.room(); bytes > room {
		return fmt.Errorf("%w: that takes %d bytes, and there is room for %d", ErrRoom, bytes, room)
	}
	return nil
}

// grow reads on, up to an offset.
func (k *kernel) grow(end int64) error {
	if end <= int64(len(k.head)) {
		return nil
	}
	if err := k.fits(end); err != nil {
		return err
	}
	head := make([]byte, end)
	n := copy(head, k.head)
	if err := k.seek(int64(n)); err != nil {
		return err
	}
	k.head = head
	return k.fill(head[n:])
}

// parse reads what the kernel says of itself. What is to be loaded is left where it is: that is nearly all.
func (k *kernel) parse(image *pvelf.Image, offered pvelf.Features) error {
	if err := k.readNotes(); err != nil {
		return err
	}
	bad := pvelf.ParsePart(image, k.head, uint64(k.size), offered)
	if bad.Code == pvelf.NoNotes { // perhaps they are in sections, which may be anywhere
		if err := k.grow(k.size); err != nil {
			return err
		}
		bad = pvelf.ParsePart(image, k.head, uint64(k.size), offered)
	}
	if !bad.OK() {
		return errors.New(string(bad.Text(new(text.Line))))
	}
	for i := range image.Segments() {
		image.Segments()[i].Data = nil // it is read when it is written
	}
	return nil
}

// readNotes reads the file's beginning as far as its program headers and notes reach. What is strange with it pvelf finds.
func (k *kernel) readNotes() error {
	if err := k.grow(min(elfHeader, k.size)); err != nil || len(k.head) < elfHeader {
		return err
	}
	table, n := binary.LittleEndian.Uint64(k.head[programsAt:]), int(binary.LittleEndian.Uint16(k.head[programCount:]))
	end := k.end(table, uint64(n)*programSize)
	if end == 0 {
		return nil
	}
	if err := k.grow(end); err != nil {
		return err
	}
	for i := range n {
		entry := k.head[table+uint64(i)*programSize:][:programSize]
		if binary.LittleEndian.Uint32(entry) == typeNote {
			end = max(end, k.end(binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[32:])))
		}
	}
	return k.grow(end)
}

// end is where so many bytes at an offset end; 0 if the file has not as many.
func (c *content) end(offset, bytes uint64) int64 {
	if size := uint64(c.size); offset > size || bytes > size-offset {
		return 0
	}
	return int64(offset + bytes)
}
