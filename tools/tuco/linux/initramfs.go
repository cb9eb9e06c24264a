package linux

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/u-root/u-root/pkg/cpio"
)

// layoutVersion is changed when something else makes a file different.
const layoutVersion = 3

// makeInitramfs writes the initramfs: a tree as u-root's init expects it, with our load as its uinit.
func (o Options) makeInitramfs(ctx context.Context, p *debianKernel, to string) error {
	commands, err := o.commands()
	if err != nil {
		return err
	}
	program, err := o.busybox(ctx, commands)
	if err != nil {
		return err
	}
	busybox, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	load, err := o.load(ctx)
	if err != nil {
		return err
	}
	needed, err := p.modules(modules)
	if err != nil {
		return err
	}

	t := tree{}
	for _, dir := range []string{"bbin", "bin", "dev", "etc", "mnt", "proc", "root", "sys", "tmp"} {
		t.add(cpio.Directory(dir, 0o755))
	}
	t.add(cpio.CharDev("dev/console", 0o600, 5, 1)) // the kernel gives it to init, before devtmpfs is there
	t.add(cpio.StaticFile("bbin/bb", string(busybox), 0o755))
	for _, command := range commands {
		t.add(cpio.Symlink("bbin/"+path.Base(command), "bb"))
	}
	t.add(cpio.Symlink("init", "bbin/init"))
	t.add(cpio.Symlink("bin/sh", "../bbin/gosh"))
	t.add(cpio.StaticFile("bin/uinit", string(load), 0o755))
	below := path.Join("lib/modules", p.version)
	for _, m := range needed {
		t.add(cpio.StaticFile(path.Join(below, m.path), string(m.data), 0o644))
	}
	t.add(cpio.StaticFile(path.Join(below, "modules.dep"), dependencies(needed), 0o644))
	builtin, err := os.ReadFile(filepath.Join(p.tree, "modules.builtin"))
	if err != nil {
		return err
	}
	t.add(cpio.StaticFile(path.Join(below, "modules.builtin"), string(builtin), 0o644))
	if err := o.addUserland(ctx, t); err != nil {
		return err
	}
	for _, name := range sortedKeys(o.Add) {
		if err := t.addFile(name, o.Add[name]); err != nil {
			return err
		}
	}
	archive, err := t.archive()
	if err != nil {
		return err
	}
	return os.WriteFile(to, archive, 0o644)
}

// A tree is the files of an initramfs, by their paths without a slash before them.
type tree map[string]cpio.Record

// add adds a file, and the directories above it that are not there.
func (t tree) add(record cpio.Record) {
	for dir := path.Dir(record.Name); dir != "."; dir = path.Dir(dir) {
		if _, there := t[dir]; !there {
			t[dir] = cpio.Directory(dir, 0o755)
		}
	}
	t[record.Name] = record
}

// addFile adds a file of the user's.
func (t tree) addFile(name, from string) error {
	clean := path.Clean("/" + filepath.ToSlash(name))[1:]
	if clean == "" || strings.HasSuffix(name, "/") {
		return &badOptions{fmt.Sprintf("%q is no path for a file in the initramfs", name)}
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	t.add(cpio.StaticFile(clean, string(data), uint64(info.Mode().Perm())))
	return nil
}

// archive writes the tree as a newc archive. The same files make the same bytes.
func (t tree) archive() ([]byte, error) {
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	// A directory's path is a prefix of those below it, so it comes before them.
	for i, name := range sortedKeys(t) {
		record := cpio.MakeReproducible(t[name])
		record.Ino = uint64(i + 1)
		if err := w.WriteRecord(record); err != nil {
			return nil, fmt.Errorf("initramfs: %s: %w", name, err)
		}
	}
	err := cpio.WriteTrailer(w)
	return b.Bytes(), err
}
