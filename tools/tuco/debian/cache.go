package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrUnavailable marks an error about a package that can't be fetched here; its text says what to do.
var ErrUnavailable = errors.New("package not available")

type unavailable struct{ text string }

func (e *unavailable) Error() string        { return e.text }
func (e *unavailable) Is(target error) bool { return target == ErrUnavailable }

// A Cache is a directory of unpacked packages.
type Cache struct {
	Dir  string
	Says func(text string) // is told what takes long, a line each; nil: nobody is
}

func (c Cache) say(format string, args ...any) {
	if c.Says != nil {
		c.Says(fmt.Sprintf(format, args...))
	}
}

// Files gives the directory with a package's files, of which it fetches those that want approves of. A name that
// stands for others (a "metapackage") is taken for the one that it needs whose name begins with prefix.
func (c Cache) Files(ctx context.Context, name, prefix string, want func(path string) bool) (root string, err error) {
	return c.keep(ctx, files{name, []string{name}, want, func(a apt) error { return c.download(ctx, a, name, prefix) }})
}

// Programs gives the directory of this name with files of several packages, and of the libraries' packages that those depend on.
func (c Cache) Programs(ctx context.Context, name string, packages []string, want func(path string) bool) (root string, err error) {
	return c.keep(ctx, files{name, packages, want, func(a apt) error { return c.downloadAll(ctx, a, packages) }})
}

// Forget has a directory's files fetched anew, when they are wanted next.
func (c Cache) Forget(name string) error {
	release, err := Lock(filepath.Join(c.Dir, "lock"))
	if err != nil {
		return err
	}
	defer release()
	return os.RemoveAll(filepath.Join(c.Dir, name))
}

// files are what a directory of the cache is to have.
type files struct {
	name     string
	packages []string // that they are from
	want     func(path string) bool
	download func(apt) error // the packages, into apt's directory
}

// keep gives the directory with files, which it fetches if it is not there.
func (c Cache) keep(ctx context.Context, f files) (root string, err error) {
	root = filepath.Join(c.Dir, f.name)
	if exists(root) {
		return root, nil
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return "", err
	}
	release, err := Lock(filepath.Join(c.Dir, "lock"))
	if err != nil {
		return "", err
	}
	defer release()
	if exists(root) { // another process was faster
		return root, nil
	}
	scratch, err := os.MkdirTemp(c.Dir, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	archives, err := c.fetch(ctx, f, scratch)
	if err != nil {
		return "", err
	}
	unpacked := filepath.Join(scratch, "files")
	for _, archive := range archives {
		c.say("unpacking %s", strings.ReplaceAll(filepath.Base(archive), "%3a", ":"))
		if err := unpack(ctx, archive, unpacked, f.want); err != nil {
			return "", fmt.Errorf("%s: %w", filepath.Base(archive), err)
		}
	}
	return root, os.Rename(unpacked, root)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Lock waits for the only right to a file, which it makes if need be.
func Lock(path string) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return func() { file.Close() }, nil
}
