//go:build boot

package qemutests

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

// runFiles boots guests/hello with a ramdisk that it shows files of.
func runFiles(t *testing.T, spec host.Spec) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data", "deep"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "deep", "words.txt"), []byte("found: this\n"), 0o644))
	require.NoError(t, os.Symlink("data/deep", filepath.Join(dir, "link")))
	files := ramdisk.Ramdisk{}
	require.NoError(t, files.Add(dir, "/", nil))
	spec = goProgram(spec, "hello", "env.PWD=/data ls=. cat=../link/words.txt cat=nothing")
	spec.Dom0.Ramdisk = filepath.Join(t.TempDir(), "files.cpio")
	require.NoError(t, files.Write(spec.Dom0.Ramdisk))
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	for _, line := range []string{"- words.txt", "found: this", "hello: open nothing: no such file or directory"} {
		assert.Contains(t, outcome.Console, line)
	}
}

func TestGoFiles(t *testing.T) {
	t.Parallel()
	runFiles(t, host.Spec{})
}

// A ramdisk is looked at when the first file is opened.
func TestGoFilesBadRamdisk(t *testing.T) {
	t.Parallel()
	spec := goProgram(host.Spec{}, "hello", "cat=file")
	spec.Dom0.Ramdisk = filepath.Join(t.TempDir(), "files.cpio")
	require.NoError(t, os.WriteFile(spec.Dom0.Ramdisk, make([]byte, 4095), 0o644))
	f, err := os.OpenFile(spec.Dom0.Ramdisk, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString("\x000707")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	outcome := boot(t, spec)
	require.Equal(t, host.Crashed, outcome.End, "%v\n%s", outcome, outcome.Console)
	assert.Contains(t, outcome.Console, "guest: the ramdisk can't be used: cpio: the entry at byte 4096: the archive ends before its trailer")
}

// runInput types to guests/hello, and makes mistakes.
func runInput(t *testing.T, spec host.Spec) {
	keys := newKeyboard()
	first := keys.when("type something", "fist\x7f\x7frst\r")
	second := keys.when(`hello: line "first"`, "second\rthird")
	end := keys.when(`hello: line "second"`, "\r\x04")
	outcome := boot(t, goProgram(spec, "hello", "lines"), typing(keys), watching(io.MultiWriter(first, second, end)))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	for _, line := range []string{`hello: line "third"`, "hello: end of lines; others ran meanwhile: true", "hello: done"} {
		assert.Contains(t, outcome.Console, line)
	}
}

func TestGoInput(t *testing.T) {
	t.Parallel()
	runInput(t, host.Spec{})
}
