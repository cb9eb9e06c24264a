// Package cpio reads the archives that ramdisks are: the "newc" format of cpio, one archive or several behind each other, as
// "cpio -o -H newc" writes them.
//
// An archive may come from anywhere, so nothing in it is believed: an entry whose length doesn't fit ends the reading with an
// [Error] that says where and why.
package cpio

import (
	"bytes"
	"strconv"
)

// An Entry is a file, a directory, or anything else with a name.
type Entry struct {
	Name        string
	Ino         uint32 // entries with the same Ino and Dev and more than one of Links are one file
	Mode        uint32 // type and permissions, as Linux has them
	UID, GID    uint32
	Links       uint32
	MTime       uint32 // seconds after 1970
	Dev, Device Device // where it was, and which device it is
	Data        []byte // a file's content, or where a symbolic link points: a part of the archive
}

// Device is a device's numbers.
type Device struct{ Major, Minor uint32 }

// An Error says what is wrong with an archive.
type Error struct {
	At  uint64 // offset of the entry's header
	Why string
}

// Error is the message.
func (e *Error) Error() string {
	return "cpio: the entry at byte " + strconv.FormatUint(e.At, 10) + ": " + e.Why
}

const (
	headerSize = 110
	magic      = "070701"
	magicSum   = "070702" // with a sum of the data's bytes
	trailer    = "TRAILER!!!"
	maxName    = 4096 // with the zero at its end
	align      = 4
)

// Read calls add for each entry, in order, and ends with its first error.
func Read(archive []byte, add func(Entry) error) error {
	at := uint64(0)
	for {
		rest := bytes.TrimLeft(archive[at:], "\x00")
		if at = uint64(len(archive) - len(rest)); len(rest) == 0 {
			return nil
		}
		if at%align != 0 {
			return &Error{at, "something stands between two archives"}
		}
		end, err := readOne(archive, at, add)
		if err != nil {
			return err
		}
		at = end
	}
}

// readOne reads an archive up to its trailer, and returns where that ends.
func readOne(archive []byte, at uint64, add func(Entry) error) (end uint64, err error) {
	for {
		e, end, err := next(archive, at)
		if err != nil {
			return 0, err
		}
		if e.Name == trailer {
			return end, nil
		}
		if err := add(e); err != nil {
			return 0, err
		}
		at = end
	}
}

// next is the entry at an offset, and where it ends.
func next(archive []byte, at uint64) (e Entry, end uint64, err error) {
	size := uint64(len(archive))
	bad := func(why string) (Entry, uint64, error) { return Entry{}, 0, &Error{at, why} }
	if size-at < headerSize {
		if compressed(archive[at:]) {
			return bad("it is compressed; archives are read as they are")
		}
		return bad("the archive ends before its trailer")
	}
	header := archive[at : at+headerSize]
	switch m := string(header[:len(magic)]); {
	case m == magic || m == magicSum:
	case m == "070707":
		return bad("it has the old format; write it with cpio -H newc")
	case compressed(archive[at:]):
		return bad("it is compressed; archives are read as they are")
	default:
		return bad("it does not begin with 070701, as newc archives' entries do")
	}
	var v [13]uint32
	for i := range v {
		n, ok := hex(header[len(magic)+8*i:][:8])
		if !ok {
			return bad("a field of its header is no hexadecimal number")
		}
		v[i] = n
	}
	e = Entry{
		Ino: v[0], Mode: v[1], UID: v[2], GID: v[3], Links: v[4], MTime: v[5],
		Dev: Device{v[7], v[8]}, Device: Device{v[9], v[10]},
	}
	nameSize, dataSize := uint64(v[11]), uint64(v[6])
	name := at + headerSize
	if nameSize == 0 || nameSize > maxName || nameSize > size-name {
		return bad("its name has an impossible length")
	}
	text := archive[name : name+nameSize]
	if bytes.IndexByte(text, 0) != len(text)-1 {
		return bad("its name does not end with its only zero")
	}
	e.Name = string(text[:len(text)-1])
	data := min((name+nameSize+align-1)&^(align-1), size) // the last name need not be filled up
	if dataSize > size-data {
		return bad(strconv.Quote(e.Name) + " ends behind the archive's end")
	}
	e.Data = archive[data : data+dataSize : data+dataSize]
	if string(header[:len(magic)]) == magicSum && sum(e.Data) != v[12] {
		return bad(strconv.Quote(e.Name) + " has another sum than its header says")
	}
	return e, min((data+dataSize+align-1)&^(align-1), size), nil
}

// compressed tells whether something begins as gzip, xz and zstd do.
func compressed(file []byte) bool {
	for _, begin := range [...]string{"\x1f\x8b", "\xfd7zXZ", "\x28\xb5\x2f\xfd"} {
		if len(file) >= len(begin) && string(file[:len(begin)]) == begin {
			return true
		}
	}
	return false
}

// hex is eight digits' value.
func hex(digits []byte) (v uint32, ok bool) {
	for _, d := range digits {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	return v, true
}

func sum(data []byte) (v uint32) {
	for _, b := range data {
		v += uint32(b)
	}
	return v
}
