package bzimage

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// UnpackFile gives the path of the kernel in a file: the file itself, or where it is a bzImage, the kernel that is unpacked
// into a directory and kept there.
func UnpackFile(path, dir string) (string, error) {
	image, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if !Is(image) {
		return path, nil
	}
	kernel := filepath.Join(dir, fmt.Sprintf("vmlinux-%.8x", sha256.Sum256(image)))
	if _, err := os.Stat(kernel); err == nil {
		return kernel, nil
	}
	unpacked, err := Unpack(image)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	scratch, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return "", err
	}
	defer os.Remove(scratch.Name())
	if _, err := scratch.Write(unpacked); err != nil {
		scratch.Close()
		return "", err
	}
	if err := scratch.Close(); err != nil {
		return "", err
	}
	return kernel, os.Rename(scratch.Name(), kernel)
}
