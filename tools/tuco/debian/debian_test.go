package debian

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeApt puts scripts in the place of apt's and dpkg's programs. The one package that they know is an archive with the
// given files; each call is a line in the file that is returned.
func fakeApt(t *testing.T, description string, files map[string]string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "description"), []byte(description), 0o644))
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, text := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "./boot/", Mode: 0o755, Typeflag: tar.TypeDir}))
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "archive"), archive.Bytes(), 0o644))
	for name, script := range map[string]string{
		"apt-cache": `[ -z "$LISTLESS" ] || [ -e DIR/updated ] || exit 100; cat DIR/description`,
		"apt-get":   `echo "$@" >>DIR/calls; case "$*" in *download*) d=; for p; do [ -z "$d" ] || cp DIR/archive "$p"_1_amd64.deb; [ "$p" != download ] || d=yes; done;; *update*) touch DIR/updated;; esac`,
		"dpkg-deb":  `cat "$2"`,
	} {
		text := "#!/bin/sh\n" + strings.ReplaceAll(script, "DIR", dir) + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return calls
}

func all(string) bool { return true }

func TestFilesAreFetchedOnce(t *testing.T) {
	calls := fakeApt(t, "Package: meta\nDepends: other, thing-1.2 (= 1)\n", map[string]string{"./boot/kernel": "K", "./doc/x": "D", "../up": "U"})
	var said []string
	cache := Cache{Dir: filepath.Join(t.TempDir(), "cache"), Says: func(text string) { said = append(said, text) }}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			root, err := cache.Files(t.Context(), "meta", "thing-", func(path string) bool { return path != "doc/x" })
			assert.NoError(t, err)
			assert.Equal(t, filepath.Join(cache.Dir, "meta"), root)
		})
	}
	wait.Wait()
	text, err := os.ReadFile(calls)
	require.NoError(t, err)
	assert.Equal(t, "-o APT::Sandbox::User=root -q download thing-1.2\n", string(text))
	assert.Equal(t, []string{"fetching the Debian package thing-1.2", "unpacking thing-1.2_1_amd64.deb"}, said)
	kernel, err := os.ReadFile(filepath.Join(cache.Dir, "meta/boot/kernel"))
	require.NoError(t, err)
	assert.Equal(t, "K", string(kernel))
	assert.NoFileExists(t, filepath.Join(cache.Dir, "meta/doc/x"))
	assert.FileExists(t, filepath.Join(cache.Dir, "meta/up"), "a path does not lead out")
}

func TestProgramsWithTheirLibraries(t *testing.T) {
	calls := fakeApt(t, "Package: any\nPre-Depends: libc6 (>= 2.36), other\nDepends: liba | libb, perl:any\n", map[string]string{"bin/x": "X", "doc": ""})
	cache := Cache{Dir: t.TempDir()}
	fetch := func() {
		root, err := cache.Programs(t.Context(), "together", []string{"one", "two"}, func(path string) bool { return path == "bin/x" })
		require.NoError(t, err)
		assert.FileExists(t, filepath.Join(root, "bin/x"))
		assert.Equal(t, filepath.Join(cache.Dir, "together"), root)
	}
	fetch()
	fetch()
	require.NoError(t, cache.Forget("together"))
	fetch()
	text, err := os.ReadFile(calls)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("-o APT::Sandbox::User=root -q download one two libc6 liba\n", 2), string(text))
}

func TestListsOfOurOwn(t *testing.T) {
	calls := fakeApt(t, "Package: thing\n", map[string]string{"a": ""})
	t.Setenv("LISTLESS", "yes")
	dir := t.TempDir()
	_, err := Cache{Dir: dir}.Files(t.Context(), "thing", "", all)
	require.NoError(t, err)
	text, err := os.ReadFile(calls)
	require.NoError(t, err)
	update, download, _ := strings.Cut(string(text), "\n")
	lists := " -o Dir::State::Lists=" + dir + "/apt/lists "
	assert.Contains(t, update, lists)
	assert.True(t, strings.HasSuffix(update, " -q update"), update)
	assert.Contains(t, download, lists)
}

func TestNothingIsLeftOfAFailure(t *testing.T) {
	fakeApt(t, "Package: thing\n", map[string]string{"a": ""})
	dir := t.TempDir()
	_, err := Cache{Dir: dir}.Files(t.Context(), "thing", "", func(string) bool { return false })
	require.ErrorContains(t, err, "none of the files that are wanted")
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "lock")}, left)
}

func TestWithoutApt(t *testing.T) {
	t.Setenv("PATH", "/nonexistent")
	dir := t.TempDir()
	_, err := Cache{Dir: dir}.Files(t.Context(), "thing", "", all)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "fetch it by hand from https://packages.debian.org/thing")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "thing"), 0o755))
	_, err = Cache{Dir: dir}.Files(t.Context(), "thing", "", all)
	require.NoError(t, err, "what was unpacked by hand is taken")
}

func TestDependency(t *testing.T) {
	for description, want := range map[string]string{
		"Package: linux-image-amd64\nDepends: linux-image-6.1.0-48-amd64 (= 6.1.172-1)\n": "linux-image-6.1.0-48-amd64",
		"Depends: kmod, linux-base (>= 4.3), xlinux-image-5, linux-image-7|x\n":           "linux-image-7",
		"Package: linux-image-6.1.0-48-amd64\nDepends: kmod, linux-base (>= 4.3~)\n":      "name",
		"Package: linux-image-x\n": "name",
	} {
		assert.Equal(t, want, dependency(description, "name", "linux-image-"))
	}
	assert.Equal(t, "name", dependency("Depends: other\n", "name", ""))
}

func TestXenIsUnpacked(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, "\x7fELF")
	require.NoError(t, w.Close())
	fakeApt(t, "Package: "+xenPackage+"\n", map[string]string{"./boot/xen-4.17-amd64.gz": packed.String(), "./boot/xen.efi": ""})
	cache := Cache{Dir: t.TempDir()}
	for range 2 {
		path, err := cache.Xen(t.Context())
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "\x7fELF", string(text))
	}
}
