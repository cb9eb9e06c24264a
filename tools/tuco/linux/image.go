package linux

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"tuco/tools/tuco/debian"
)

// ErrBadOptions marks an error of the caller's.
var ErrBadOptions = errors.New("bad options")

type badOptions struct{ text string }

func (e *badOptions) Error() string        { return e.text }
func (e *badOptions) Is(target error) bool { return target == ErrBadOptions }

// The flavours of Debian's kernel, and the packages that stand for their newest versions.
var packages = map[string]string{"amd64": "linux-image-amd64", "cloud": "linux-image-cloud-amd64"}

// Options say what to make.
type Options struct {
	Flavour string            // "amd64", or "cloud": smaller, for virtual machines, not for domain 0
	Dir     string            // where the files go
	Add     map[string]string // further files of the initramfs, by their paths in it
	Source  string            // the project's source tree
	Cache   string            // a directory that keeps what took long
	Says    func(text string) // is told what takes long, a line each; nil: nobody is
}

// An Image is what was made.
type Image struct {
	Kernel    string // an ELF file
	Initramfs string // a cpio archive
	CmdLine   string // a file with Domain0Args
	Version   string // of the kernel, as in 6.1.0-48-amd64
}

func (o Options) say(format string, args ...any) {
	if o.Says != nil {
		o.Says(fmt.Sprintf(format, args...))
	}
}

// Make makes a kernel and an initramfs, unless they are there and up to date.
func Make(ctx context.Context, o Options) (*Image, error) {
	name, known := packages[o.Flavour]
	if !known {
		return nil, &badOptions{fmt.Sprintf("unknown flavour %q: want amd64 or cloud", o.Flavour)}
	}
	if module, err := os.ReadFile(filepath.Join(o.Source, "go.mod")); err != nil || !strings.HasPrefix(string(module), "module tuco\n") {
		return nil, &badOptions{fmt.Sprintf("%s is not Tuco's source tree, of which programs are built for the initramfs: "+
			"use the out/tuco that make builds in it", o.Source)}
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	// Go builds programs in a directory of its own choice.
	var err error
	if o.Cache, err = filepath.Abs(o.Cache); err != nil {
		return nil, err
	}
	release, err := debian.Lock(filepath.Join(o.Dir, ".lock"))
	if err != nil {
		return nil, err
	}
	defer release()
	cache := debian.Cache{Dir: filepath.Join(o.Cache, "debian"), Says: o.Says}
	p, err := kernelPackage(ctx, cache, name)
	if err != nil {
		return nil, err
	}
	image := &Image{
		Kernel: filepath.Join(o.Dir, "vmlinux"), Initramfs: filepath.Join(o.Dir, "initramfs.cpio"),
		CmdLine: filepath.Join(o.Dir, "cmdline"), Version: p.version,
	}
	key, err := o.key(p)
	if err != nil {
		return nil, err
	}
	keyFile := filepath.Join(o.Dir, ".key")
	if old, err := os.ReadFile(keyFile); err == nil && string(old) == key && exists(image.Kernel) && exists(image.Initramfs) && exists(image.CmdLine) {
		return image, nil
	}
	os.Remove(keyFile) // it tells of files that are about to change
	o.say("unpacking the kernel %s", p.version)
	if err := p.unpackKernel(image.Kernel); err != nil {
		return nil, err
	}
	if err := o.makeInitramfs(ctx, p, image.Initramfs); err != nil {
		return nil, err
	}
	if err := os.WriteFile(image.CmdLine, []byte(Domain0Args+"\n"), 0o644); err != nil {
		return nil, err
	}
	return image, os.WriteFile(keyFile, []byte(key), 0o644)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// The parts of the source tree that the initramfs is built of.
const (
	loadDir    = "guests/linuxload"
	commandDir = "tools/uroot"
)

// key hashes all that the files are made of.
func (o Options) key(p *debianKernel) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, layoutVersion, runtime.Version(), modules, userlandPackages, userlandPrograms, dhcpScript, Domain0Args)
	for _, file := range []string{"go.mod", "go.sum", commandDir + "/go.mod", commandDir + "/go.sum"} {
		if err := hashFile(sum, file, filepath.Join(o.Source, file)); err != nil {
			return "", err
		}
	}
	sources, err := fs.Glob(os.DirFS(o.Source), loadDir+"/*.go")
	if err != nil {
		return "", err
	}
	for _, file := range sources {
		if err := hashFile(sum, file, filepath.Join(o.Source, file)); err != nil {
			return "", err
		}
	}
	for _, to := range sortedKeys(o.Add) {
		if err := hashFile(sum, to, o.Add[to]); err != nil {
			return "", &badOptions{fmt.Sprintf("a file for the initramfs: %v", err)}
		}
	}
	if err := hashFile(sum, p.version, p.vmlinuz); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x\n", sum.Sum(nil)), nil
}

func hashFile(sum hash.Hash, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Fprintln(sum, name)
	n, err := io.Copy(sum, file)
	fmt.Fprintln(sum, n)
	return err
}
