package main

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"tuco/control/config"
)

const guestDir = "guests"

// guestFiles reads the guest.cfg files of a ramdisk, in the order of their names. All that is wrong with any of them is in the error.
func guestFiles(root fs.FS) (guests []*config.Guest, err error) {
	names, err := fs.Glob(root, guestDir+"/*.cfg")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
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

// files finds kernels and ramdisks of guests in our own ramdisk.
type files struct{}

// Read is domains.Images'.
func (files) Read(name string) ([]byte, error) { return os.ReadFile(path.Join("/", name)) }

// memory keeps the record of guests for as long as the program runs.
type memory struct{ document []byte }

// Load is domains.Store's.
func (m *memory) Load() ([]byte, error) { return m.document, nil }

// Save is domains.Store's.
func (m *memory) Save(document []byte) error {
	m.document = document
	return nil
}
