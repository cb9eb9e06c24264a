package bundle

import "tuco/kernel/text"

// The newc format (cpio(5), "New ASCII Format"): for each file a header of
// six bytes magic and 13 numbers of 8 hexadecimal digits, its name with a NUL,
// and its contents; name and contents are followed by NULs up to a multiple of
// four. An entry named TRAILER!!! ends the archive. Magic 070702 is the same
// with a sum of the contents' bytes in the last number.
const (
	magicNewc = "070701"
	magicCRC  = "070702"
	trailer   = "TRAILER!!!"

	headerSize = 6 + 13*8

	// Which of the 13 numbers.
	fieldIno      = 0
	fieldMode     = 1
	fieldLinks    = 4
	fieldSize     = 6
	fieldMajor    = 7
	fieldMinor    = 8
	fieldNameSize = 11
	fieldSum      = 12

	modeType    = 0o170000
	modeRegular = 0o100000

	maxName    = 4096
	maxEntries = 4096
)

// Entry is one file of an archive.
type Entry struct {
	Offset uint64 // of its header in the archive
	Name   []byte // as it stands there
	Data   []byte
	Mode   uint32
	links  uint32
	inode  [3]uint32
	sum    uint32
	hasSum bool
}

// Regular says whether it is a file with contents, not a directory, a link
// or a device.
func (e *Entry) Regular() bool { return e.Mode&modeType == modeRegular }

// Reader walks through an archive.
type Reader struct {
	archive []byte
	off     uint64
	entries int
}

// NewReader returns a reader at the archive's start.
func NewReader(archive []byte) Reader { return Reader{archive: archive} }

// Next reads the next entry into e. More is false at the archive's end and
// after an error.
func (r *Reader) Next(e *Entry) (more bool, err Error) {
	start := r.off
	left := r.archive[start:]
	if uint64(len(left)) < headerSize {
		if len(left) == 0 || onlyZeroes(left) {
			return false, Error{Code: NoTrailer, n: [3]uint64{start}}
		}
		return false, Error{Code: HeaderCut, n: [3]uint64{start, headerSize, uint64(len(left))}}
	}
	crc := text.HasPrefix(left, magicCRC)
	if !crc && !text.HasPrefix(left, magicNewc) {
		return false, Error{Code: BadMagic, n: [3]uint64{start}, word: left[:len(magicNewc)]}
	}
	var f [13]uint32
	for k := range f {
		at := len(magicNewc) + 8*k
		v, ok := hex8(left[at : at+8])
		if !ok {
			return false, Error{Code: BadNumber, n: [3]uint64{start + uint64(at)}, word: left[at : at+8]}
		}
		f[k] = v
	}
	nameSize, size := uint64(f[fieldNameSize]), uint64(f[fieldSize])
	if nameSize < 2 || nameSize > maxName {
		return false, Error{Code: BadNameSize, n: [3]uint64{start, nameSize, maxName}}
	}
	if headerSize+nameSize > uint64(len(left)) {
		return false, Error{Code: NameCut, n: [3]uint64{start, nameSize}}
	}
	name := left[headerSize : headerSize+nameSize]
	if end := len(name) - 1; name[end] != 0 || hasZero(name[:end]) {
		return false, Error{Code: BadName, n: [3]uint64{start}}
	}
	name = name[:len(name)-1]
	// No sum here can wrap: all terms but start are below 2^33.
	// Padding at the very end may be missing.
	dataAt := min(pad4(headerSize+nameSize), uint64(len(left)))
	if size > uint64(len(left))-dataAt {
		return false, Error{Code: DataCut, n: [3]uint64{start, size}, word: name}
	}
	if text.Equal(name, trailer) {
		return false, r.end(start + pad4(dataAt+size))
	}
	if r.entries == maxEntries {
		return false, Error{Code: TooManyEntries, n: [3]uint64{maxEntries, start}}
	}
	r.entries++
	r.off = start + min(pad4(dataAt+size), uint64(len(left)))
	*e = Entry{
		Offset: start, Name: name, Data: left[dataAt : dataAt+size],
		Mode: f[fieldMode], links: f[fieldLinks],
		inode: [3]uint32{f[fieldMajor], f[fieldMinor], f[fieldIno]},
		sum:   f[fieldSum], hasSum: crc,
	}
	return true, Error{}
}

// end looks at what follows the trailer: padding usually. A second archive,
// as Linux's initramfs may have, would be overlooked, so it is refused.
func (r *Reader) end(off uint64) Error {
	for ; off < uint64(len(r.archive)); off++ {
		rest := r.archive[off:]
		switch {
		case rest[0] == 0:
			continue
		case text.HasPrefix(rest, magicNewc) || text.HasPrefix(rest, magicCRC):
			return Error{Code: SecondArchive, n: [3]uint64{off}}
		}
		break
	}
	return Error{}
}

func pad4(n uint64) uint64 { return (n + 3) &^ 3 }

// hex8 reads 8 hexadecimal digits.
func hex8(b []byte) (v uint32, ok bool) {
	for _, c := range b[:8] {
		c = text.Lower(c)
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint32(c)
	}
	return v, true
}

func hasZero(b []byte) bool {
	for _, c := range b {
		if c == 0 {
			return true
		}
	}
	return false
}

func onlyZeroes(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
