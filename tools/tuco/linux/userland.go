package linux

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/u-root/u-root/pkg/cpio"

	"tuco/tools/tuco/debian"
)

// userland is Debian's part of the initramfs, which u-root has nothing for: ext4's tools, a client of DHCP, and those of Xen's store.
const userland = "userland"

var userlandPackages = []string{"busybox-static", "e2fsprogs", "xenstore-utils"}

// The programs that are taken, by their paths in the packages, and their further names in the initramfs. A package's hard links are not unpacked,
// so xenstore, which is one file with many names, is found by a pattern.
var userlandPrograms = []struct {
	pattern string
	to      string
	links   []string
}{
	{"bin/busybox", "bin/busybox", []string{"bin/udhcpc"}},
	{"sbin/mke2fs", "sbin/mke2fs", []string{"sbin/mkfs.ext4"}},
	{"sbin/e2fsck", "sbin/e2fsck", []string{"sbin/fsck.ext4"}},
	{"bin/xenstore*", "bin/xenstore", []string{
		"bin/xenstore-chmod", "bin/xenstore-exists", "bin/xenstore-list", "bin/xenstore-ls", "bin/xenstore-read", "bin/xenstore-rm", "bin/xenstore-watch",
		"bin/xenstore-write",
	}},
	{"etc/mke2fs.conf", "etc/mke2fs.conf", nil},
}

// fromUserland tells which of the packages' files are kept: programs, and libraries wherever they are.
func fromUserland(name string) bool {
	for _, p := range userlandPrograms {
		if is, _ := path.Match(p.pattern, strings.TrimPrefix(name, "usr/")); is {
			return true
		}
	}
	return strings.Contains(path.Base(name), ".so") && (strings.HasPrefix(name, "lib/") || strings.HasPrefix(name, "usr/lib/"))
}

// dhcpScript is what udhcpc does with what it is told.
const dhcpScript = `#!/bin/busybox sh
case $1 in
deconfig)
	busybox ip addr flush dev $interface
	busybox ip link set $interface up
	;;
bound | renew)
	busybox ip addr replace $ip/${mask:-24} dev $interface
	for r in $router; do busybox ip route replace default via $r dev $interface; done
	: >/etc/resolv.conf
	[ -z "$domain" ] || echo search $domain >>/etc/resolv.conf
	for n in $dns; do echo nameserver $n >>/etc/resolv.conf; done
	;;
esac
`

// addUserland adds Debian's programs, and the libraries that they need.
func (o Options) addUserland(ctx context.Context, t tree) error {
	cache := debian.Cache{Dir: filepath.Join(o.Cache, "debian"), Says: o.Says}
	root, err := cache.Programs(ctx, userland, userlandPackages, fromUserland)
	if err != nil {
		return err
	}
	libraries, err := librariesBelow(root)
	if err != nil {
		return err
	}
	for _, p := range userlandPrograms {
		data, err := readOne(root, p.pattern)
		if err != nil {
			return err
		}
		t.add(cpio.StaticFile(p.to, string(data), 0o755))
		for _, link := range p.links {
			t.add(cpio.Symlink(link, "/"+p.to))
		}
		if err := libraries.add(t, p.to, data); err != nil {
			return err
		}
	}
	t.add(cpio.StaticFile("etc/udhcpc/default.script", dhcpScript, 0o755))
	return nil
}

// readOne reads the file that a pattern names, in a tree or below its usr.
func readOne(root, pattern string) ([]byte, error) {
	for _, dir := range []string{root, filepath.Join(root, "usr")} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return os.ReadFile(found[0])
		}
	}
	return nil, fmt.Errorf("%s has no %s: remove the directory, and it is fetched anew", root, pattern)
}

// libraries are shared libraries' files by the names under which programs ask for them.
type libraries map[string]string

func librariesBelow(root string) (libraries, error) {
	all := libraries{}
	return all, filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.Contains(entry.Name(), ".so") {
			return err
		}
		file, err := elf.Open(name)
		if err != nil {
			return nil // a linker's script, say
		}
		defer file.Close()
		if names, err := file.DynString(elf.DT_SONAME); err == nil && len(names) > 0 {
			all[names[0]] = name
		}
		return nil
	})
}

// The C library ends a thread that waits (xenstore-watch has one) by means of another library, which it asks for only then.
const (
	libC     = "libc.so.6"
	unwinder = "libgcc_s.so.1"
)

// loaderName is how the name of the program begins that loads shared libraries. Programs name it by its path.
const loaderName = "ld-linux-"

// add adds the libraries that a program, or another library, asks for.
func (l libraries) add(t tree, name string, data []byte) error {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil // no program
	}
	needed, err := file.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if interpreter := file.Section(".interp"); interpreter != nil {
		path, err := interpreter.Data()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		needed = append(needed, filepath.Base(strings.TrimRight(string(path), "\x00")))
	}
	if path.Base(name) == libC {
		needed = append(needed, unwinder)
	}
	for _, library := range needed {
		to := "lib/x86_64-linux-gnu/" + library
		if strings.HasPrefix(library, loaderName) {
			to = "lib64/" + library
		}
		if _, there := t[to]; there {
			continue
		}
		from, known := l[library]
		if !known {
			return fmt.Errorf("%s needs %s, which no package has that it depends on", name, library)
		}
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		t.add(cpio.StaticFile(to, string(data), 0o755))
		if err := l.add(t, library, data); err != nil {
			return err
		}
	}
	return nil
}
