// Package mkbundle writes boot bundles: newc cpio archives with a boot.cfg,
// as docs/boot-bundle.md describes them. The same files make the same bytes.
package mkbundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"

	"github.com/u-root/u-root/pkg/cpio"

	"tuco/kernel/bundle"
	"tuco/kernel/text"
)

// ConfigName is the file that describes the domains.
const ConfigName = "boot.cfg"

// File is one file of a bundle.
type File struct {
	Name string // in the bundle, with slashes
	Data []byte
}

// Write writes the files as an archive: boot.cfg first, then the others in
// their order. It does not look into them (see Check), so that tests can make
// bundles that are wrong.
func Write(w io.Writer, files []File) error {
	files = append([]File(nil), files...)
	sort.SliceStable(files, func(i, j int) bool { return files[i].Name == ConfigName && files[j].Name != ConfigName })
	out := cpio.Newc.Writer(w)
	seen := map[string]bool{}
	for k, f := range files {
		switch {
		case !fs.ValidPath(f.Name) || f.Name == ".":
			return fmt.Errorf("bundle: %q is no name for a file in it", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("bundle: two files are named %q", f.Name)
		case uint64(len(f.Data)) > math.MaxUint32:
			return fmt.Errorf("bundle: %s has %d bytes; the format has room for 4 GiB", f.Name, len(f.Data))
		}
		seen[f.Name] = true
		r := cpio.StaticRecord(f.Data, cpio.Info{Ino: uint64(k + 1), NLink: 1, Name: f.Name, Mode: cpio.S_IFREG | 0o644})
		r.FileSize = uint64(len(f.Data))
		if err := out.WriteRecord(r); err != nil {
			return fmt.Errorf("bundle: %s: %w", f.Name, err)
		}
	}
	return cpio.WriteTrailer(out)
}

// Bytes is Write into memory.
func Bytes(files []File) ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, files)
	return b.Bytes(), err
}

// Check says what the hypervisor would say of the bundle: nil, or its
// message.
func Check(archive []byte) error {
	b := new(bundle.Bundle)
	bad := bundle.Parse(b, archive)
	if bad.OK() {
		return nil
	}
	var l text.Line
	return errors.New(string(bad.Text(&l)))
}

// Read collects files for a bundle. A directory stands for everything below
// it, by its path relative to the directory; a file for itself, by its last
// name.
func Read(paths ...string) ([]File, error) {
	var files []File
	for _, p := range paths {
		err := filepath.WalkDir(p, func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(p, at)
			if name == "." {
				name = filepath.Base(at)
			}
			files = append(files, File{filepath.ToSlash(name), data})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
