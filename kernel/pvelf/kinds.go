package pvelf

import "tuco/kernel/text"

// kinds are the other things that users pass as a kernel.
var kinds = [...]struct {
	offset      int
	magic, what string
}{
	{0x202, "HdrS", "a Linux bzImage; unpack its vmlinux"},
	{0, "\x1f\x8b", "compressed by gzip; unpack it"},
	{0, "\xfd7zXZ", "compressed by xz; unpack it"},
	{0, "\x5d\x00\x00", "compressed by lzma; unpack it"},
	{0, "\x28\xb5\x2f\xfd", "compressed by zstd; unpack it"},
	{0, "\x04\x22\x4d\x18", "compressed by lz4; unpack it"},
	{0, "\x02\x21\x4c\x18", "compressed by lz4; unpack it"},
	{0, "\x89LZO", "compressed by lzop; unpack it"},
	{0, "BZh", "compressed by bzip2; unpack it"},
	{0, "MZ", "an EFI program"},
	{0, "07070", "a cpio archive, perhaps the ramdisk"},
}

func notELF(file []byte) Error {
	if len(file) == 0 {
		return Error{Code: Empty}
	}
	for _, k := range &kinds {
		if len(file) > k.offset && text.HasPrefix(file[k.offset:], k.magic) {
			return Error{Code: NotELF, what: k.what}
		}
	}
	return Error{Code: NotELF, what: "something", word: file[:min(len(file), 8)]}
}
