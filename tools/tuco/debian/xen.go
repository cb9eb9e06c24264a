package debian

import (
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// xenPackage is Debian's Xen.
const xenPackage = "xen-hypervisor-4.17-amd64"

// Xen gives the path of Debian's Xen, as an ELF file.
func (c Cache) Xen(ctx context.Context) (string, error) {
	root, err := c.Files(ctx, xenPackage, "", func(path string) bool {
		return strings.HasPrefix(path, "boot/xen-") && strings.HasSuffix(path, ".gz")
	})
	if err != nil {
		return "", err
	}
	packed, err := filepath.Glob(filepath.Join(root, "boot/xen-*.gz"))
	if err != nil || len(packed) == 0 {
		return "", fmt.Errorf("%s has no boot/xen-*.gz: remove the directory, and it is fetched anew", root)
	}
	image := strings.TrimSuffix(packed[0], ".gz")
	if exists(image) {
		return image, nil
	}
	return image, gunzip(image, packed[0])
}

// gunzip writes the contents of a gzip file, all or nothing.
func gunzip(to, from string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	contents, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	scratch, err := os.CreateTemp(filepath.Dir(to), "new-")
	if err != nil {
		return err
	}
	scratch.Close()
	if err := write(scratch.Name(), contents); err != nil {
		os.Remove(scratch.Name())
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.Rename(scratch.Name(), to)
}
