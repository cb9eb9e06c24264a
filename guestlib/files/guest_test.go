//go:build tuco

package files

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

// In a guest package os is what these tests go through: "tuco test-go ./guestlib/files".

func TestDirFS(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "one", "b/c": "two", "b/d/e": ""} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	require.NoError(t, fstest.TestFS(os.DirFS(dir), "a", "b/c", "b/d/e"))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, fstest.TestFS(root.FS(), "a", "b/c", "b/d/e"))
	require.NoError(t, os.Symlink("/", filepath.Join(dir, "out")))
	_, err = root.Open("out/tmp")
	require.ErrorContains(t, err, "path escapes")
}

// Buffers on a stack that moves.
func TestSmallStack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("some"), 0o644))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			fd, err := syscall.Open(name, syscall.O_RDONLY, 0)
			var b [6]byte
			n, err2 := syscall.Read(fd, b[:])
			var s syscall.Stat_t
			err3 := syscall.Fstat(fd, &s)
			syscall.Close(fd)
			if err != nil || err2 != nil || err3 != nil || string(b[:n]) != "some" || s.Size != 4 {
				t.Errorf("%v %v %v %q %d", err, err2, err3, b[:n], s.Size)
			}
		})
	}
	all.Wait()
}

// A pipe's reader waits in the poller, with a deadline if it has one.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, r.SetReadDeadline(time.Time{}))
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	go func() {
		w.Write(want)
		w.Close()
	}()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
	require.NoError(t, r.Close())
}

func TestNamedPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(name, 0o600))
	done := make(chan string)
	go func() {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		done <- string(text)
	}()
	require.NoError(t, os.WriteFile(name, []byte("through"), 0))
	require.Equal(t, "through", <-done)
}

// A socket's name can't be opened.
func TestSocketName(t *testing.T) {
	name := filepath.Join(t.TempDir(), "socket")
	require.NoError(t, syscall.Mknod(name, syscall.S_IFSOCK|0o600, 0))
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode())
	_, err = os.Open(name)
	require.ErrorIs(t, err, syscall.ENXIO)
	require.NoError(t, os.Remove(name))
}

// What is written to a descriptor that stands for another's number.
func TestDup2(t *testing.T) {
	saved, err := syscall.Dup(stdout)
	require.NoError(t, err)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, syscall.Dup2(int(w.Fd()), stdout))
	os.Stdout.WriteString("caught")
	require.NoError(t, syscall.Dup2(saved, stdout))
	require.NoError(t, syscall.Close(saved))
	require.NoError(t, w.Close())
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "caught", string(got))
}

func TestDevices(t *testing.T) {
	b := make([]byte, 8)
	for _, test := range []struct {
		name string
		n    int
		err  error
	}{{"null", 0, io.EOF}, {"zero", 8, nil}, {"full", 8, nil}, {"urandom", 8, nil}} {
		f, err := os.OpenFile("/dev/"+test.name, os.O_RDWR, 0)
		require.NoError(t, err)
		n, err := f.Read(b)
		require.Equal(t, test.n, n, test.name)
		require.Equal(t, test.err, err, test.name)
		if _, err = f.Write(b); test.name == "full" {
			require.ErrorIs(t, err, syscall.ENOSPC)
		} else {
			require.NoError(t, err)
		}
		require.NoError(t, f.Close())
	}
	require.NotEqual(t, make([]byte, 8), b)
}

// A tree that is full says so, and goes on.
func TestNoSpace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	var s syscall.Statfs_t
	require.NoError(t, syscall.Statfs("/", &s))
	f, err := os.Create(name)
	require.NoError(t, err)
	b := make([]byte, 1<<20)
	for total := uint64(0); err == nil; total += uint64(len(b)) {
		require.LessOrEqual(t, total, s.Bfree*uint64(s.Bsize))
		_, err = f.Write(b)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.WriteFile(name, b, 0o644))
}

func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	var open []*os.File
	defer func() {
		for _, f := range open {
			f.Close()
		}
	}()
	for {
		f, err := os.Create(filepath.Join(dir, strings.Repeat("x", len(open)%200+1)))
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			break
		}
		open = append(open, f)
	}
	require.Greater(t, len(open), 500)
}
