package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// debianPackage names the Debian package of each program that a host may need.
var debianPackage = map[string]string{
	"qemu-system-x86_64": "qemu-system-x86",
	"bochs":              "bochs",
	"grub-mkrescue":      "grub-common",
	"xorriso":            "xorriso",
	"mformat":            "mtools",
}

// Programs finds emulators and image makers: on PATH, else among the Debian packages that `make deps` unpacked below
// a directory because it was not run as root.
type Programs struct {
	Unpacked string // root of the unpacked packages; empty or missing: none
}

// ErrMissing marks an error about a program or file that is not installed; its text names the package.
var ErrMissing = errors.New("not installed")

type missingError struct{ what, pkg string }

func (e *missingError) Error() string {
	return fmt.Sprintf("%s is not installed; install the Debian package %s (apt-get install %s, or make deps)", e.what, e.pkg, e.pkg)
}
func (e *missingError) Is(target error) bool { return target == ErrMissing }

// find returns the path of a program, and whether it comes from the unpacked packages.
func (p Programs) find(name string) (path string, unpacked bool, err error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, false, nil
	}
	if p.Unpacked != "" {
		for _, dir := range []string{"usr/bin", "usr/sbin"} {
			path := filepath.Join(p.Unpacked, dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
				return path, true, nil
			}
		}
	}
	return "", false, &missingError{name, debianPackage[name]}
}

// data returns the path of a file that a Debian package installs below /usr.
func (p Programs) data(path, pkg string) (string, error) {
	candidates := []string{path}
	if p.Unpacked != "" {
		candidates = append(candidates, filepath.Join(p.Unpacked, path))
	}
	for _, candidate := range candidates {
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		}
	}
	return "", &missingError{path, pkg}
}

// Version is what a program says when it is asked for its version.
func (p Programs) Version(ctx context.Context, name string) (string, error) {
	path, unpacked, err := p.find(name)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = append(os.Environ(), p.env(unpacked)...)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	return string(out), nil
}

// env is the environment for an unpacked program: its libraries, plugins and data are not where it was built for.
func (p Programs) env(unpacked bool) []string {
	if !unpacked {
		return nil
	}
	root := func(path string) string { return filepath.Join(p.Unpacked, path) }
	return []string{
		"PATH=" + root("usr/bin") + ":" + os.Getenv("PATH"),
		"LD_LIBRARY_PATH=" + root("usr/lib/x86_64-linux-gnu") + ":" + root("lib/x86_64-linux-gnu"),
		"LTDL_LIBRARY_PATH=" + root("usr/lib/x86_64-linux-gnu/bochs/plugins"),
		"QEMU_MODULE_DIR=" + root("usr/lib/x86_64-linux-gnu/qemu"),
	}
}
