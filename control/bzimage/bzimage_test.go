package bzimage

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
)

// kernel stands for one.
var kernel = []byte(strings.Repeat("\x7fELF the kernel\n", 4))

// The kernel as Linux's build would compress it, with the formats that have no writer in Go: xz --x86
// --check=crc32, and bzip2.
const (
	kernelXZ    = "/Td6WFoAAAFpIt42AgEEACEBCADSuXTL4AA/ABddAD+RRYRpTbeLUITAYVpcMGx7ZtCpAsgAAADJ/jnnAAEvQNbMRkSQQpkNAQAAAAABWVo="
	kernelBzip2 = "QlpoOTFBWSZTWUyNQ0oAAB/VgAAQQAADBAJNFACgADEA0ABVQBoaQaMkmzZB06SeOElSxJ8XckU4UJBMjUNK"
)

// vmlinuz makes a bzImage around a payload.
func vmlinuz(payload []byte) []byte {
	const sectors, before = 3, 100
	image := make([]byte, (1+sectors)*sector+before)
	image[setupSectors] = sectors
	copy(image[headerMagic:], "HdrS")
	binary.LittleEndian.PutUint16(image[version:], 0x020f)
	binary.LittleEndian.PutUint32(image[payloadOffset:], before)
	binary.LittleEndian.PutUint32(image[payloadLength:], uint32(len(payload)))
	return append(append(image, payload...), "the end of the boot code"...)
}

// compressed gives the payloads with data of each format that can be unpacked; XZ and bzip2 always hold the kernel.
func compressed(t testing.TB, data []byte) map[string][]byte {
	payloads := map[string][]byte{}
	add := func(name string, w io.WriteCloser, b *bytes.Buffer) {
		_, err := w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		payloads[name] = b.Bytes()
	}
	var gz, zs, lz bytes.Buffer
	add("gzip", gzip.NewWriter(&gz), &gz)
	zw, err := zstd.NewWriter(&zs)
	require.NoError(t, err)
	add("Zstandard", zw, &zs)
	lw := lz4.NewWriter(&lz)
	require.NoError(t, lw.Apply(lz4.LegacyOption(true)))
	add("LZ4", lw, &lz)
	for name, text := range map[string]string{"XZ": kernelXZ, "bzip2": kernelBzip2} {
		payloads[name], err = base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
	}
	for name := range payloads {
		if name != "gzip" {
			payloads[name] = binary.LittleEndian.AppendUint32(payloads[name], uint32(len(data)))
		}
	}
	return payloads
}

func TestUnpack(t *testing.T) {
	payloads := compressed(t, kernel)
	for _, format := range compressions {
		if format.open == nil {
			continue
		}
		t.Run(format.name, func(t *testing.T) {
			require.Contains(t, payloads, format.name)
			got, err := Unpack(vmlinuz(payloads[format.name]))
			require.NoError(t, err)
			require.Equal(t, kernel, got)
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	good := vmlinuz(compressed(t, kernel)["gzip"])
	change := func(offset int, data ...byte) []byte {
		image := bytes.Clone(good)
		copy(image[offset:], data)
		return image
	}
	size := func(n uint32) []byte {
		payload := bytes.Clone(compressed(t, kernel)["Zstandard"])
		binary.LittleEndian.PutUint32(payload[len(payload)-4:], n)
		return vmlinuz(payload)
	}
	for _, test := range []struct {
		name  string
		image []byte
		want  string
	}{
		{"nothing", nil, "no Linux setup header"},
		{"short", good[:headerEnd-1], "no Linux setup header"},
		{"an ELF file", append([]byte("\x7fELF"), make([]byte, 4096)...), "no Linux setup header"},
		{"an old protocol", change(version, 7, 2), "version 2.07"},
		{"truncated", good[:len(good)-60], "truncated"},
		{"a header alone", good[:headerEnd], "truncated"},
		{"an impossible offset", change(payloadOffset, 0xff, 0xff, 0xff, 0xff), "truncated"},
		{"no payload", change(payloadLength, 3, 0, 0, 0), "holds no kernel"},
		{"garbage", vmlinuz([]byte("garbage garbage")), "unknown way (it begins with 67 61 72 62 61 67)"},
		{"LZO", vmlinuz([]byte("\x89LZO\x00\r\n\x1a\n...")), "compressed with LZO, which can't be unpacked here"},
		{"damaged", change((1+3)*sector+100+12, 0xff, 0xff, 0xff), "damaged: gzip"},
		{"another size", size(uint32(len(kernel) - 1)), "should have 63 bytes"},
		{"an absurd size", size(1 << 31), "would have 2147483648 bytes"},
		{"not an ELF file", vmlinuz(compressed(t, []byte("a script"))["gzip"]), "does not hold an ELF file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Unpack(test.image)
			require.ErrorIs(t, err, ErrFormat)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func FuzzUnpack(f *testing.F) {
	for _, payload := range compressed(f, kernel) {
		f.Add(vmlinuz(payload))
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		kernel, err := Unpack(image)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		require.True(t, bytes.HasPrefix(kernel, []byte("\x7fELF")))
	})
}

func TestUnpackFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o644))
		return path
	}
	plain := file("vmlinux", kernel)
	got, err := UnpackFile(plain, filepath.Join(dir, "cache"))
	require.NoError(t, err)
	require.Equal(t, plain, got)

	image := file("vmlinuz", vmlinuz(compressed(t, kernel)["gzip"]))
	for range 2 {
		got, err = UnpackFile(image, filepath.Join(dir, "cache"))
		require.NoError(t, err)
		unpacked, err := os.ReadFile(got)
		require.NoError(t, err)
		require.Equal(t, kernel, unpacked)
	}
	kept, err := os.ReadDir(filepath.Join(dir, "cache"))
	require.NoError(t, err)
	require.Len(t, kept, 1)

	_, err = UnpackFile(file("damaged", vmlinuz([]byte("garbage garbage"))), dir)
	require.ErrorContains(t, err, "damaged: the kernel in the bzImage is compressed in an unknown way")
	_, err = UnpackFile(dir+"/missing", dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}
