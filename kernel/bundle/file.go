package bundle

import "tuco/kernel/text"

const configName = "boot.cfg"

// checkArchive walks through the whole archive once, so that a truncated one
// is refused even where nothing needs its end.
func checkArchive(module []byte) Error {
	if len(module) < len(magicNewc) || !text.HasPrefix(module, magicNewc) && !text.HasPrefix(module, magicCRC) {
		return notAnArchive(module)
	}
	r := NewReader(module)
	for {
		var e Entry
		more, err := r.Next(&e)
		if !err.OK() || !more {
			return err
		}
		if e.hasSum && e.Regular() && byteSum(e.Data) != e.sum && len(e.Data) > 0 {
			return Error{Code: BadSum, n: [3]uint64{e.Offset}, word: e.Name}
		}
	}
}

func byteSum(b []byte) (sum uint32) {
	for _, c := range b {
		sum += uint32(c)
	}
	return sum
}

// kinds are the other things that users pass as a module.
var kinds = [...]struct{ magic, what string }{
	{"\x7fELF", "an ELF file; a kernel goes into a bundle, with a boot.cfg that names it"},
	{"\x1f\x8b", "compressed by gzip; unpack it"},
	{"\xfd7zXZ", "compressed by xz; unpack it"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it"},
	{"BZh", "compressed by bzip2; unpack it"},
	{"070707", "a cpio archive of the old portable format; make it with cpio -H newc"},
	{"\xc7\x71", "a cpio archive of the old binary format; make it with cpio -H newc"},
	{"MZ", "an EFI program or a Linux bzImage; a kernel goes into a bundle, with a boot.cfg that names it"},
	{"name ", "a boot.cfg alone; it goes into a cpio archive together with the files it names"},
}

func notAnArchive(module []byte) Error {
	for k := range kinds {
		if text.HasPrefix(module, kinds[k].magic) {
			return Error{Code: NotAnArchive, what: kinds[k].what}
		}
	}
	return Error{Code: NotAnArchive, what: "something else", word: module[:min(len(module), 8)]}
}

// findFile returns the contents of the regular file of this name. The
// archive was checked before.
func findFile(module []byte, name string) ([]byte, Error) {
	r := NewReader(module)
	var hint []byte
	for {
		var e Entry
		more, err := r.Next(&e)
		switch {
		case !err.OK():
			return nil, err
		case !more:
			return nil, Error{Code: NoConfig, n: [3]uint64{uint64(r.entries)}, word: hint}
		}
		bare := relative(e.Name)
		if text.Equal(bare, name) {
			return contents(module, &e)
		}
		if at := len(bare) - len(name); at > 0 && bare[at-1] == '/' && text.Equal(bare[at:], name) {
			hint = bare
		}
	}
}

// findNamed returns the contents of the file that boot.cfg names.
func findNamed(module, name []byte) ([]byte, Error) {
	name = relative(name)
	r := NewReader(module)
	for {
		var e Entry
		more, err := r.Next(&e)
		switch {
		case !err.OK():
			return nil, err
		case !more:
			return nil, Error{Code: NoSuchFile, word: name}
		case string(relative(e.Name)) == string(name):
			return contents(module, &e)
		}
	}
}

// relative drops what tools put before a name: find . gives ./name.
func relative(name []byte) []byte {
	for {
		switch {
		case text.HasPrefix(name, "./"):
			name = name[2:]
		case text.HasPrefix(name, "/"):
			name = name[1:]
		default:
			return name
		}
	}
}

// contents gives the entry's contents. Of a file with several names, only
// one entry of the archive has them, usually the last.
func contents(module []byte, e *Entry) ([]byte, Error) {
	if !e.Regular() {
		return nil, Error{Code: NotAFile, word: e.Name}
	}
	if len(e.Data) > 0 {
		return e.Data, Error{}
	}
	if e.links > 1 {
		r := NewReader(module)
		for {
			var o Entry
			more, err := r.Next(&o)
			if !err.OK() || !more {
				break
			}
			if o.Regular() && o.inode == e.inode && len(o.Data) > 0 {
				return o.Data, Error{}
			}
		}
	}
	return nil, Error{Code: EmptyFile, word: e.Name}
}
