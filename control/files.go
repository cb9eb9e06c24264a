package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"tuco/control/config"
	"tuco/control/domains"
	"tuco/guestlib/cpio"
)

const guestDir = "guests"

// wordFile of the ramdisk has more words such as those of the command line, a line each. A command line has 1023 bytes at most.
const wordFile = "words"

// allWords is the words of the command line, and those of the ramdisk.
func allWords(line []string, root fs.FS) ([]string, error) {
	text, err := fs.ReadFile(root, wordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return line, nil
	}
	return append(slices.Clip(line), strings.Fields(string(text))...), err
}

// guestFiles reads the guest.cfg files of a ramdisk, in the order of their names; there may be none. All that is wrong with any of them is in the error.
func guestFiles(root fs.FS) (guests []*config.Guest, err error) {
	names, err := fs.Glob(root, guestDir+"/*.cfg")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, bad := fs.ReadFile(root, name)
		if bad == nil {
			var g *config.Guest
			if g, bad = config.Parse(path.Base(name), text); bad == nil {
				guests = append(guests, g)
			}
		}
		err = errors.Join(err, bad)
	}
	return guests, err
}

// files finds kernels and ramdisks of guests in an archive, our own ramdisk. They stay there and are not copied: one guest's may be half of the memory that this
// program has.
type files struct{ archive []byte }

// read finds a file.
func (f files) read(name string) (content []byte, err error) {
	want, found := path.Join("/", name), false
	err = cpio.Read(f.archive, func(e cpio.Entry) error {
		if path.Join("/", e.Name) == want && e.Mode&syscall.S_IFMT == syscall.S_IFREG {
			content, found = e.Data, true // the last of that name is the one
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: %w in the ramdisk", name, fs.ErrNotExist)
	}
	return content, err
}

// Open is domains.Images'.
func (f files) Open(name string) (domains.Image, error) {
	content, err := f.read(name)
	return inMemory{bytes.NewReader(content)}, err
}

// inMemory is a file that needs no closing.
type inMemory struct{ *bytes.Reader }

// Close is domains.Image's.
func (inMemory) Close() error { return nil }
