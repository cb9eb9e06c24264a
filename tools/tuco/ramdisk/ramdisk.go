// Package ramdisk packs directories of the host into ramdisks for guests: newc cpio archives.
package ramdisk

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/u-root/u-root/pkg/cpio"
)

// A Ramdisk is files by their paths in the guest, without a slash before them.
type Ramdisk map[string]cpio.Record

// Add packs a file or a directory, with all below it, to appear at a path. Symbolic links below it stay what they are. skip leaves out
// files, and directories with what is below them, by their paths below the directory; it may be nil.
func (r Ramdisk) Add(from, at string, skip func(name string, e fs.DirEntry) bool) error {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	return filepath.WalkDir(from, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		if skip != nil && name != "." && skip(filepath.ToSlash(name), e) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return r.add(file, path.Join("/", at, filepath.ToSlash(name))[1:], e)
	})
}

func (r Ramdisk) add(file, name string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	perm := uint64(info.Mode().Perm())
	var record cpio.Record
	switch info.Mode().Type() {
	case 0:
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		record = cpio.StaticFile(name, string(data), perm)
	case fs.ModeDir:
		if name == "" {
			return nil
		}
		record = cpio.Directory(name, perm)
	case fs.ModeSymlink:
		to, err := os.Readlink(file)
		if err != nil {
			return err
		}
		record = cpio.Symlink(name, to)
	default:
		return fmt.Errorf("%s is neither file, directory nor symbolic link: leave it out", file)
	}
	record.MTime = uint64(info.ModTime().Unix())
	r.put(record)
	return nil
}

// AddText adds a file with a content.
func (r Ramdisk) AddText(at, content string) {
	r.put(cpio.StaticFile(path.Join("/", at)[1:], content, 0o644))
}

// put adds a file, and the directories above it that are not there.
func (r Ramdisk) put(record cpio.Record) {
	for dir := path.Dir(record.Name); dir != "."; dir = path.Dir(dir) {
		if _, there := r[dir]; !there {
			r[dir] = cpio.Directory(dir, 0o755)
		}
	}
	r[record.Name] = record
}

// Write writes the archive.
func (r Ramdisk) Write(to string) error {
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	// A directory's path is a prefix of those below it, so it comes before them.
	for i, name := range slices.SortedFunc(maps.Keys(r), strings.Compare) {
		record := r[name]
		record.Ino = uint64(i + 1)
		if err := w.WriteRecord(record); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}
