package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"syscall"

	"tuco/control/config"
	"tuco/guestlib/cpio"
)

const guestDir = "guests"

// guestFiles reads the guest.cfg files of a ramdisk, in the order of their names. All that is wrong with any of them is in the error. Only a host that is kept
// may begin without a guest.
func guestFiles(root fs.FS, kept bool) (guests []*config.Guest, err error) {
	names, err := fs.Glob(root, guestDir+"/*.cfg")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 && !kept {
		return nil, errors.New("the ramdisk has no " + guestDir + "/NAME.cfg, and so there is no guest to start")
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

// Read is domains.Images'.
func (f files) Read(name string) (content []byte, err error) {
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

// memory keeps the record of guests for as long as the program runs.
type memory struct{ document []byte }

// Load is domains.Store's.
func (m *memory) Load() ([]byte, error) { return m.document, nil }

// Save is domains.Store's.
func (m *memory) Save(document []byte) error {
	m.document = document
	return nil
}
