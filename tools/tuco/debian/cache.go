package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	root = filepath.Join(c.Dir, name)
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
	archive, err := c.fetch(ctx, name, prefix, scratch)
	if err != nil {
		return "", err
	}
	c.say("unpacking %s", filepath.Base(archive))
	files := filepath.Join(scratch, "files")
	if err := unpack(ctx, archive, files, want); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Base(archive), err)
	}
	return root, os.Rename(files, root)
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
