package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	mountPoint = "/mnt"
	fileSize   = 1 << 20
	chunk      = 64 << 10
)

// disk is a disk that files are written to, each of which is on it for good before the next is begun. On a disk that has some already, of an earlier life of the machine's, the file
// system has to be in order, and these files right.
type disk struct {
	console io.Writer
	device  string
	at      string // where it is mounted
	files   int
	cut     func() error // ends the machine in the middle; nil: nothing does

	cutting bool // it will be ended
}

func (d *disk) try() error {
	if err := loadModules("crc32c_generic", "ext4"); err != nil {
		return err
	}
	old, err := hasExt4(d.device)
	if err != nil {
		return err
	}
	if old {
		err = d.recover()
	} else {
		err = runProgram("/sbin/mke2fs", "-q", "-t", "ext4", d.device)
	}
	if err != nil {
		return err
	}
	found, err := d.mounted(d.verify)
	if err != nil {
		return err
	}
	if old {
		fmt.Fprintf(d.console, "linuxload: disk: found %d files right\n", found)
	} else if d.cut != nil {
		d.cutSometime()
	}
	if _, err := d.mounted(func() (int, error) { return d.files, d.write(found) }); err != nil {
		return err
	}
	found, err = d.mounted(d.verify) // from the disk, as what Linux kept of it went with the mount
	if err == nil && found != d.files {
		err = fmt.Errorf("%d files are right, not %d", found, d.files)
	}
	if err != nil {
		return err
	}
	return runProgram("/sbin/e2fsck", "-f", "-n", d.device)
}

// hasExt4 tells whether a disk has ext4, by the magic number of its superblock.
func hasExt4(device string) (bool, error) {
	const superblock, magicAt, magic = 1024, 56, 0xef53
	f, err := os.Open(device)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var number [2]byte
	_, err = f.ReadAt(number[:], superblock+magicAt)
	return binary.LittleEndian.Uint16(number[:]) == magic, err
}

// recover has e2fsck replay the journal, after which there may be nothing to repair.
func (d *disk) recover() error {
	out, err := exec.Command("/sbin/e2fsck", "-p", d.device).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		fmt.Fprintf(d.console, "linuxload: disk: e2fsck -p: %s\n", strings.TrimSpace(line))
	}
	if err != nil {
		return fmt.Errorf("e2fsck -p: %w", err)
	}
	return runProgram("/sbin/e2fsck", "-f", "-n", d.device)
}

// mounted does something while the disk is mounted.
func (d *disk) mounted(do func() (int, error)) (n int, err error) {
	if err := unix.Mount(d.device, d.at, "ext4", 0, ""); err != nil {
		return 0, fmt.Errorf("mount %s: %w", d.device, err)
	}
	n, err = do()
	return n, errors.Join(err, unix.Unmount(d.at, 0))
}

func (d *disk) name(file int) string { return filepath.Join(d.at, strconv.Itoa(file)) }

// content is what a file has: everybody can make it.
func content(file int) *rand.ChaCha8 {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(file))
	return rand.NewChaCha8(seed)
}

// write writes files from one on. It tells of each when it is on the disk.
func (d *disk) write(from int) error {
	dir, err := os.Open(d.at)
	if err != nil {
		return err
	}
	defer dir.Close()
	for file := from; file < d.files; file++ {
		if d.cutting && file == d.files*7/8 {
			select {} // the end is late
		}
		if err := d.writeOne(file); err != nil {
			return err
		}
		if err := dir.Sync(); err != nil {
			return err
		}
		fmt.Fprintf(d.console, "linuxload: disk: synced %d files\n", file+1)
	}
	return nil
}

func (d *disk) writeOne(file int) error {
	f, err := os.Create(d.name(file))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, io.LimitReader(content(file), fileSize), make([]byte, chunk)); err != nil {
		return err
	}
	return f.Sync()
}

// verify counts the files that are right, from the first one on. One that isn't is an error only if another is right after it: the last one may not have been
// finished.
func (d *disk) verify() (right int, err error) {
	for file := range d.files {
		data, err := os.ReadFile(d.name(file))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return right, err
		}
		want := make([]byte, fileSize)
		content(file).Read(want)
		if !bytes.Equal(data, want) {
			continue
		}
		if right != file {
			return right, fmt.Errorf("%s is not right, and %s after it is", d.name(right), d.name(file))
		}
		right++
	}
	return right, nil
}

// cutSometime ends the machine while files are written, in the second or third quarter of them.
func (d *disk) cutSometime() {
	d.cutting = true
	after := d.files/4 + rand.IntN(d.files/2)
	go func() {
		for !exists(d.name(after)) {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		if err := d.cut(); err != nil {
			fmt.Fprintln(d.console, "linuxload: disk: cut:", err)
		}
	}()
}

// restart restarts the machine at once, with nothing brought to an end.
func restart() error { return os.WriteFile("/proc/sysrq-trigger", []byte("b"), 0) }
