package bundle

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/u-root/u-root/pkg/cpio"

	"tuco/kernel/text"
)

// file is a file of a bundle under construction.
type file struct{ name, data string }

// pack makes an archive by u-root's hand, so that our reader is not judged
// by our own idea of the format.
func pack(t testing.TB, files ...file) []byte {
	var rec []cpio.Record
	for k, f := range files {
		r := cpio.StaticFile(f.name, f.data, 0o644)
		r.Ino = uint64(k + 1)
		r.NLink = 1
		rec = append(rec, r)
	}
	return packRecords(t, rec...)
}

func packRecords(t testing.TB, rec ...cpio.Record) []byte {
	var buf bytes.Buffer
	w := cpio.Newc.Writer(&buf)
	require.NoError(t, cpio.WriteRecords(w, rec))
	require.NoError(t, cpio.WriteTrailer(w))
	return buf.Bytes()
}

const goodConfig = `# the usual host
name control
kernel control.elf
args console=hvc0 # not a comment
memory 256
vcpus 2
privileged yes

name guest-1
  kernel	vmlinuz
ramdisk ./initrd.img
memory 64M
weight 512
cap 50
`

var goodFiles = []file{
	{"boot.cfg", goodConfig}, {"control.elf", "the control domain"}, {"vmlinuz", "linux!"}, {"initrd.img", "files"},
}

func withConfig(t testing.TB, cfg string) []byte {
	f := append([]file{}, goodFiles...)
	f[0].data = cfg
	return pack(t, f...)
}

// parseText parses and gives the error's text, "" for none.
func parseText(b *Bundle, module []byte) string {
	err := Parse(b, module)
	if err.OK() {
		return ""
	}
	var l text.Line
	return string(err.Text(&l))
}
