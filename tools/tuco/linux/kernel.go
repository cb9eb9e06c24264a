package linux

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tuco/control/bzimage"
	"tuco/tools/tuco/debian"
	"tuco/tools/tuco/slim"
)

// modules are the kernel modules that the initramfs has, with what they need. They are not loaded by themselves: `modprobe
// NAME` does it.
var modules = []string{"xen-blkfront", "xen-netfront", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xenfs", "ext4", "crc32c_generic"}

// ofExt4 are the names of ext4's modules and of those that it needs. It asks for crc32c's by name, as one of many that there may be.
var ofExt4 = []string{"ext4", "jbd2", "mbcache", "crc16", "crc32c_generic"}

// wanted tells which of a package's files are kept: the kernel, what tells about it, and its modules for Xen and for ext4.
func wanted(name string) bool {
	switch {
	case strings.HasPrefix(name, "boot/"):
		return true
	case strings.HasPrefix(name, "lib/modules/"):
		module, _, _ := strings.Cut(path.Base(name), ".")
		return strings.Contains(name, "/xen") || !strings.Contains(name, "/kernel/") || slices.Contains(ofExt4, module)
	}
	return false
}

// kernelPackage gives a kernel's package. Where its files were unpacked when fewer modules were wanted, it is fetched anew.
func kernelPackage(ctx context.Context, cache debian.Cache, name string) (*debianKernel, error) {
	p, err := filesOfKernel(ctx, cache, name)
	if !errors.Is(err, errNoModule) {
		return p, err
	}
	if err := cache.Forget(name); err != nil {
		return nil, err
	}
	return filesOfKernel(ctx, cache, name)
}

func filesOfKernel(ctx context.Context, cache debian.Cache, name string) (*debianKernel, error) {
	root, err := cache.Files(ctx, name, "linux-image-", wanted)
	if err != nil {
		return nil, err
	}
	p, err := openPackage(root)
	if err == nil {
		_, err = p.modules(modules)
	}
	return p, err
}

var errNoModule = errors.New("the kernel package has no module")

// A debianKernel is the unpacked package of one.
type debianKernel struct {
	version string
	vmlinuz string
	tree    string // its lib/modules/VERSION
}

func openPackage(root string) (*debianKernel, error) {
	kernels, err := filepath.Glob(filepath.Join(root, "boot/vmlinuz-*"))
	if err != nil || len(kernels) != 1 {
		return nil, fmt.Errorf("%s has %d kernels boot/vmlinuz-*, one is needed: remove the directory, and it is fetched anew", root, len(kernels))
	}
	version := strings.TrimPrefix(filepath.Base(kernels[0]), "vmlinuz-")
	return &debianKernel{version, kernels[0], filepath.Join(root, "lib/modules", version)}, nil
}

func (p *debianKernel) unpackKernel(to string) error {
	image, err := os.ReadFile(p.vmlinuz)
	if err != nil {
		return err
	}
	kernel, err := bzimage.Unpack(image)
	if err != nil {
		return fmt.Errorf("%s: %w", p.vmlinuz, err)
	}
	return os.WriteFile(to, slim.Kernel(kernel), 0o644)
}

// A module is a file of the kernel's, by its path below its lib/modules/VERSION.
type module struct {
	path  string
	data  []byte
	needs []string // the paths of those to load before, the last of which is loaded first
}

// modules finds modules by their names, and those that they need.
func (p *debianKernel) modules(names []string) ([]*module, error) {
	paths := map[string]string{}
	err := filepath.WalkDir(p.tree, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name, ok := strings.CutSuffix(entry.Name(), ".ko"); ok {
			paths[moduleName(name)], err = filepath.Rel(p.tree, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found := map[string]*module{}
	var find func(name string) (*module, error)
	find = func(name string) (*module, error) {
		path := paths[moduleName(name)]
		if path == "" {
			return nil, fmt.Errorf("%w %s", errNoModule, name)
		}
		if m := found[path]; m != nil {
			return m, nil
		}
		data, err := os.ReadFile(filepath.Join(p.tree, path))
		if err != nil {
			return nil, err
		}
		m := &module{path: path, data: data}
		found[path] = m
		needs, err := needsOf(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, need := range needs {
			before, err := find(need)
			if err != nil {
				return nil, fmt.Errorf("for %s: %w", name, err)
			}
			m.needs = append(append(m.needs, before.path), before.needs...)
		}
		return m, nil
	}
	var all []*module
	for _, name := range names {
		if _, err := find(name); err != nil {
			return nil, err
		}
	}
	for _, path := range sortedKeys(found) {
		all = append(all, found[path])
	}
	return all, nil
}

// moduleName makes - and _ the same, as the kernel's tools do.
func moduleName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// needsOf reads from a module's section of facts, which are texts of the form NAME=VALUE, which others it needs.
func needsOf(data []byte) ([]string, error) {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("no section .modinfo")
	}
	facts, err := section.Data()
	if err != nil {
		return nil, err
	}
	for fact := range bytes.SplitSeq(facts, []byte{0}) {
		if list, ok := strings.CutPrefix(string(fact), "depends="); ok && list != "" {
			return strings.Split(list, ","), nil
		}
	}
	return nil, nil
}

// dependencies is the text of modules.dep: a line for each module, with those that it needs.
func dependencies(all []*module) string {
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintf(&b, "%s:", m.path)
		for _, need := range m.needs {
			fmt.Fprintf(&b, " %s", need)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
