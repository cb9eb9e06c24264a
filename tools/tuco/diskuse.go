package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// QEMU locks an image that it uses: a byte for each right that it has, and one for each that it lets others have ("Disk image file locking" in its manual).
const (
	imageLocks     = 100
	imageLocksSize = 200
)

// diskInUse tells whether an emulator uses a disk, which can't be another's then.
func diskInUse(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // which whoever opens it next can say better
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: imageLocks, Len: imageLocksSize}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock) == nil && lock.Type != unix.F_UNLCK
}
