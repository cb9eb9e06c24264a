package cpio

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// entry is an entry's bytes. sum is its last field.
func entry(magic, name string, mode, sum uint32, data string) string {
	b := fmt.Sprintf("%s%08x%08X%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		magic, 7, mode, 1, 2, 1, 1000, len(data), 3, 4, 5, 6, len(name)+1, sum, name)
	return pad(pad(b) + data)
}

func pad(s string) string { return s + "\x00\x00\x00"[:-len(s)&3] }

var end = entry(magic, trailer, 0, 0, "")

func names(archive string) (list []string, err error) {
	err = Read([]byte(archive), func(e Entry) error {
		list = append(list, e.Name+"="+string(e.Data))
		return nil
	})
	return list, err
}

func TestRead(t *testing.T) {
	a, b := entry(magic, "a", 0o100644, 0, "one"), entry(magicSum, "dir/b", 0o100644, 'x'+'y', "xy")
	for _, test := range []struct {
		name, archive string
		want          []string
		err           string
	}{
		{"nothing", "", nil, ""},
		{"zeros", "\x00\x00\x00", nil, ""},
		{"empty", end, nil, ""},
		{"two", a + b + end, []string{"a=one", "dir/b=xy"}, ""},
		{"two archives", a + end + string(make([]byte, 512)) + b + end, []string{"a=one", "dir/b=xy"}, ""},
		{"last entry not padded", a + end[:len(end)-1], []string{"a=one"}, ""},
		{"no trailer", a, []string{"a=one"}, "byte 116: the archive ends before its trailer"},
		{"half a header", a + b[:50], []string{"a=one"}, "ends before its trailer"},
		{"cut off", a[:len(a)-2] + "", nil, `"a" ends behind the archive's end`},
		{"something behind", a + end + "0123456", []string{"a=one"}, "ends before its trailer"},
		{"out of step", end + "\x00" + a + end, nil, "something stands between two archives"},
		{"no archive", string(bytes.Repeat([]byte("hello "), 20)), nil, "does not begin with 070701"},
		{"old format", "070707" + a[6:], nil, "write it with cpio -H newc"},
		{"gzip", "\x1f\x8b" + a, nil, "it is compressed"},
		{"short zstd", "\x28\xb5\x2f\xfd", nil, "it is compressed"},
		{"no number", a[:10] + "g" + a[11:], nil, "no hexadecimal number"},
		{"no name", a[:94] + "00000000" + a[102:], nil, "impossible length"},
		{"long name", a[:94] + "00001001" + a[102:] + string(make([]byte, 8192)), nil, "impossible length"},
		{"zero in the name", entry(magic, "a\x00b", 0, 0, ""), nil, "only zero"},
		{"name does not end", a[:110] + "ab" + a[112:], nil, "only zero"},
		{"long data", a[:54] + "fffffffd" + a[62:], nil, `"a" ends behind`},
		{"wrong sum", entry(magicSum, "s", 0, 1, "x"), nil, `"s" has another sum`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := names(test.archive)
			require.Equal(t, test.want, got)
			if test.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.err)
			}
		})
	}
}

func TestFields(t *testing.T) {
	err := Read([]byte(entry(magic, "a", 0o120777, 0, "to")+end), func(e Entry) error {
		require.Equal(t, Entry{
			Name: "a", Ino: 7, Mode: 0o120777, UID: 1, GID: 2, Links: 1, MTime: 1000,
			Dev: Device{3, 4}, Device: Device{5, 6}, Data: []byte("to"),
		}, e)
		return nil
	})
	require.NoError(t, err)
}

func TestAddFails(t *testing.T) {
	broken := errors.New("broken")
	require.ErrorIs(t, Read([]byte(entry(magic, "a", 0, 0, "")+end), func(Entry) error { return broken }), broken)
}

// Whatever the archive, reading ends, and entries lie within it.
func FuzzRead(f *testing.F) {
	f.Add([]byte(entry(magic, "a", 0o100644, 0, "one") + end))
	f.Add([]byte(entry(magicSum, "dir/b", 0o100644, 'x'+'y', "xy") + end + end))
	f.Fuzz(func(t *testing.T, archive []byte) {
		total := 0
		Read(archive, func(e Entry) error {
			total += headerSize + len(e.Name) + len(e.Data)
			return nil
		})
		if total > len(archive) {
			t.Errorf("entries of %d bytes in an archive of %d", total, len(archive))
		}
	})
}
