package bundle

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/u-root/u-root/pkg/cpio"
)

func TestReaderSeesWhatURootWrote(t *testing.T) {
	var want []file
	for k := range 40 {
		want = append(want, file{strings.Repeat("n", k+1), strings.Repeat("d", k*3)})
	}
	r := NewReader(pack(t, want...))
	var got []file
	for {
		var e Entry
		more, err := r.Next(&e)
		require.True(t, err.OK())
		if !more {
			break
		}
		require.True(t, e.Regular())
		got = append(got, file{string(e.Name), string(e.Data)})
	}
	assert.Equal(t, want, got)
}

// TestTruncated cuts a bundle at every byte: each is refused, with an offset
// inside what is left.
func TestTruncated(t *testing.T) {
	whole := pack(t, goodFiles...)
	end := bytes.LastIndex(whole, []byte(trailer)) + len(trailer) + 1
	b := new(Bundle)
	for n := range end {
		got := parseText(b, whole[:n])
		require.Contains(t, got, "boot bundle: ", "cut at %d", n)
		if n >= 6 {
			require.Contains(t, got, "truncated", "cut at %d", n)
			var at int
			_, err := fmt.Sscanf(got[strings.Index(got, "at offset"):], "at offset %d", &at)
			require.NoError(t, err)
			require.LessOrEqual(t, at, n)
		}
	}
	for n := end; n <= len(whole); n++ {
		require.Empty(t, parseText(b, whole[:n]), "padding behind the trailer does not matter: cut at %d", n)
	}
}

// set overwrites a field of the header at the archive's start.
func set(archive []byte, field int, hex string) []byte {
	b := bytes.Clone(archive)
	copy(b[6+8*field:], hex)
	return b
}

func TestHostileHeaders(t *testing.T) {
	good := pack(t, goodFiles...)
	second := len(goodConfig) + headerSize + len("boot.cfg") + 1
	second = (second + 5) &^ 3 // the name's padding, too
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"not a number":     {set(good, fieldMode, "0000000g"), `boot bundle: at offset 14 of the header there is no hexadecimal number but "0000000g"`},
		"a sign":           {set(good, fieldSize, "-0000001"), `boot bundle: at offset 54 of the header there is no hexadecimal number but "-0000001"`},
		"no name":          {set(good, fieldNameSize, "00000000"), "boot bundle: the entry at offset 0 has a name of 0 bytes, but only 2 to 4096 are possible"},
		"an empty name":    {set(good, fieldNameSize, "00000001"), "boot bundle: the entry at offset 0 has a name of 1 bytes, but only 2 to 4096 are possible"},
		"a huge name":      {set(good, fieldNameSize, "FFFFFFFF"), "boot bundle: the entry at offset 0 has a name of 4294967295 bytes, but only 2 to 4096 are possible"},
		"a name too long":  {set(good, fieldNameSize, "00000fff"), "boot bundle: it is truncated: the entry at offset 0 has a name of 4095 bytes that reaches beyond the end"},
		"a name too short": {set(good, fieldNameSize, "00000008"), "boot bundle: the name of the entry at offset 0 does not end with its only NUL"},
		"a NUL in a name":  {set(good, fieldNameSize, "0000000b"), "boot bundle: the name of the entry at offset 0 does not end with its only NUL"},
		"huge contents":    {set(good, fieldSize, "FFFFFFFF"), `boot bundle: it is truncated: the entry at offset 0 has 4294967295 bytes of contents that reach beyond the end: file "boot.cfg"`},
		"contents too short": {set(good, fieldSize, "00000004"),
			`boot bundle: at offset 124 there is no header of a newc cpio entry but "e usua"`},
		"a symbolic link": {set(good, fieldMode, "0000a1ff"), `boot bundle: "boot.cfg" in the bundle is not a regular file (a directory, a symbolic link or a device)`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, parseText(new(Bundle), c.b))
		})
	}
	bad := bytes.Clone(good)
	copy(bad[second:], "070700")
	assert.Equal(t, fmt.Sprintf(`boot bundle: at offset %d there is no header of a newc cpio entry but "070700"`, second), parseText(new(Bundle), bad))
}

func TestNotAnArchive(t *testing.T) {
	for module, want := range map[string]string{
		"":                         "something else without any contents",
		"\x7fELF\x02\x01\x01":      "an ELF file; a kernel goes into a bundle, with a boot.cfg that names it",
		"\x1f\x8b\x08\x00":         "compressed by gzip; unpack it",
		"\x28\xb5\x2f\xfd":         "compressed by zstd; unpack it",
		"MZ\x90":                   "an EFI program or a Linux bzImage; a kernel goes into a bundle, with a boot.cfg that names it",
		"name control\nkernel x\n": "a boot.cfg alone; it goes into a cpio archive together with the files it names",
		"070707":                   "a cpio archive of the old portable format; make it with cpio -H newc",
		"07070":                    `something else that begins with "07070"`,
		"\x00\x01\x02hello world":  `something else that begins with "\x00\x01\x02hello"`,
	} {
		assert.Equal(t, "boot bundle: expected a newc cpio archive with a boot.cfg, but the module is "+want, parseText(new(Bundle), []byte(module)))
	}
}

// sums turns an archive of magic 070701 into one of 070702.
func sums(t *testing.T, files ...file) []byte {
	b := pack(t, files...)
	at := 0
	for _, f := range files {
		copy(b[at:], magicCRC)
		copy(b[at+6+8*fieldSum:], fmt.Sprintf("%08x", byteSum([]byte(f.data))))
		at += int(pad4(headerSize+uint64(len(f.name))+1) + pad4(uint64(len(f.data))))
	}
	return b
}

func TestChecksums(t *testing.T) {
	b := sums(t, goodFiles...)
	require.Empty(t, parseText(new(Bundle), b))
	at := bytes.Index(b, []byte("linux!"))
	b[at]++
	assert.Regexp(t, `^boot bundle: it is damaged: the entry at offset \d+ has a wrong checksum: file "vmlinuz"$`, parseText(new(Bundle), b))
}

func TestSecondArchive(t *testing.T) {
	b := pack(t, goodFiles...)
	two := append(bytes.Clone(b), make([]byte, 512)...)
	two = append(two, b...)
	assert.Equal(t, fmt.Sprintf("boot bundle: a second archive follows at offset %d; put all files into one", len(b)+512), parseText(new(Bundle), two))
	assert.Empty(t, parseText(new(Bundle), append(bytes.Clone(b), "\x00\x00rubbish"...)))
}

func TestTooManyEntries(t *testing.T) {
	var files []file
	for k := range maxEntries + 1 {
		files = append(files, file{name: fmt.Sprint(k)})
	}
	assert.Contains(t, parseText(new(Bundle), pack(t, files...)), "boot bundle: more than 4096 entries, the next at offset ")
}

func TestHardLinks(t *testing.T) {
	link := func(name, data string) cpio.Record {
		r := cpio.StaticFile(name, data, 0o644)
		r.NLink, r.Ino = 2, 7
		if data == "" {
			r.ReaderAt = nil
		}
		return r
	}
	cfg := cpio.StaticFile("boot.cfg", "name a\nkernel one\nmemory 1\n", 0o644)
	b := new(Bundle)
	require.Empty(t, parseText(b, packRecords(t, cfg, link("one", ""), link("two", "contents"))))
	assert.Equal(t, "contents", string(b.Domains()[0].Kernel))

	assert.Equal(t, `boot.cfg line 2: kernel: the file "one" in the bundle is empty`,
		parseText(b, packRecords(t, cfg, link("one", ""), cpio.StaticFile("two", "x", 0o644))))
}

func TestNoConfig(t *testing.T) {
	assert.Equal(t, "boot bundle: no boot.cfg among its 3 entries", parseText(new(Bundle), pack(t, goodFiles[1:]...)))
	moved := append([]file{{"host/boot.cfg", goodConfig}}, goodFiles[1:]...)
	assert.Equal(t, `boot bundle: no boot.cfg among its 4 entries; "host/boot.cfg" does not count: pack the folder's contents, not the folder`,
		parseText(new(Bundle), pack(t, moved...)))
	assert.Equal(t, `boot bundle: the file "boot.cfg" in the bundle is empty`, parseText(new(Bundle), pack(t, file{"boot.cfg", ""})))
}

// TestNamesAsFindGivesThem: find . names the folder itself and puts ./
// before each name, which u-root's writer would take away.
func TestNamesAsFindGivesThem(t *testing.T) {
	rec := []cpio.Record{cpio.Directory("XX", 0o755)}
	for _, f := range goodFiles {
		rec = append(rec, cpio.StaticFile("XX"+f.name, f.data, 0o644))
	}
	archive := bytes.ReplaceAll(packRecords(t, rec...), []byte("XX"), []byte("./"))
	require.Contains(t, string(archive), "./boot.cfg\x00")
	assert.Empty(t, parseText(new(Bundle), archive))
}
