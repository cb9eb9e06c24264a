// Package guest builds Go programs, and tests of Go packages, as paravirtual guests.
package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"tuco/tools/goport"
	"tuco/tools/tuco/debian"
)

// Options says what to build.
type Options struct {
	Package string // as the go command names it
	Output  string // the file to write
	Work    string // a directory for what is made on the way; a stable one keeps the build cache useful
	Source  string // the project's source tree
	Strip   bool   // leave out the symbol table
}

// ErrBadOptions marks an error that the options' author can mend.
var ErrBadOptions = errors.New("bad option")

// library is the package that a program has to import to be a guest.
const library = "tuco/guestlib/start"

// upper is packages of the library that a program needs as well if it imports certain others, as they are large.
var upper = map[string]string{
	"syscall": "tuco/guestlib/files",
	"net":     "tuco/guestlib/sockets",
}

// tag is the build tag that is set in guests.
const tag = "tuco"

// A builder is a build under way.
type builder struct {
	Options
	goroot, version string
	dir             string // where the go command runs; empty: here
	pkg             pkg
}

// pkg is what the go command tells of a package.
type pkg struct {
	Dir, Name, ImportPath string
	Standard              bool
	TestGoFiles           []string
	XTestGoFiles          []string
}

// Build builds a program, which a file is added to that links the library.
func Build(ctx context.Context, o Options) error {
	b, err := newBuilder(ctx, o)
	if err != nil {
		return err
	}
	if b.pkg.Name != "main" {
		return fmt.Errorf("%w: %s is package %s: a guest is built of a package main", ErrBadOptions, b.pkg.ImportPath, b.pkg.Name)
	}
	text, err := b.importer(ctx, "main", "-deps")
	if err != nil {
		return err
	}
	return b.build(ctx, "tuco_guest.go", text, "build")
}

// newBuilder asks the go command about itself and the package.
func newBuilder(ctx context.Context, o Options) (*builder, error) {
	b := &builder{Options: o}
	var err error
	if b.Work, err = filepath.Abs(o.Work); err != nil {
		return nil, err
	}
	if b.Output, err = filepath.Abs(o.Output); err != nil {
		return nil, err
	}
	var env struct{ GOROOT, GOVERSION string }
	if err := b.goJSON(ctx, &env, "env", "-json", "GOROOT", "GOVERSION"); err != nil {
		return nil, err
	}
	b.goroot, b.version = env.GOROOT, env.GOVERSION
	return b, b.list(ctx)
}

// Packages is the packages that names and patterns of the go command stand for.
func Packages(ctx context.Context, patterns ...string) ([]string, error) {
	out, err := new(builder).run(ctx, append([]string{"list"}, patterns...)...)
	return strings.Fields(string(out)), err
}

func (b *builder) list(ctx context.Context) error {
	return b.goJSON(ctx, &b.pkg, "list", "-json=Dir,Name,ImportPath,Standard,TestGoFiles,XTestGoFiles", b.Package)
}

// importer is a file that links the library: of that what the package, by what it depends on, needs.
func (b *builder) importer(ctx context.Context, name string, list ...string) (string, error) {
	out, err := b.run(ctx, append(append([]string{"list"}, list...), b.Package)...)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("package %s\n\nimport _ %q\n", name, library)
	dependencies := strings.Fields(string(out))
	for _, p := range slices.Sorted(maps.Keys(upper)) {
		if slices.Contains(dependencies, p) {
			text += fmt.Sprintf("import _ %q\n", upper[p])
		}
	}
	return text, nil
}

// build runs a go command that links, with a file added to the package, and makes a kernel of what it has linked.
func (b *builder) build(ctx context.Context, file, text string, command ...string) error {
	work := filepath.Join(b.Work, strings.ReplaceAll(b.pkg.ImportPath, "/", "_"))
	release, err := lock(work)
	if err != nil {
		return err
	}
	defer release()
	overlay, err := goport.Runtime(b.goroot, b.version, filepath.Join(b.Work, "goroot"))
	if err != nil {
		return err
	}
	if err := overlay.Add(filepath.Join(b.pkg.Dir, file), work, text); err != nil {
		return err
	}
	config := filepath.Join(work, "overlay.json")
	if err := overlay.Write(config); err != nil {
		return err
	}
	linked := filepath.Join(work, "linked.elf")
	ldflags := fmt.Sprintf("-E %s -T %#x -buildid= -checklinkname=0", goport.EntrySymbol, goport.Text)
	args := append(command, "-trimpath", "-buildvcs=false", "-tags", tag, "-overlay", config, "-ldflags", ldflags, "-o", linked)
	args = append(append(args, goport.CompilerFlags()...), b.Package)
	if _, err := b.run(ctx, args...); err != nil {
		return err
	}
	image, err := os.ReadFile(linked)
	if err != nil {
		return err
	}
	if err := goport.Check(image); err != nil {
		return fmt.Errorf("%s: %w", b.Package, err)
	}
	if err := goport.Kernel(image); err != nil {
		return fmt.Errorf("%s: %w", b.Package, err)
	}
	if b.Strip {
		if image, err = goport.Strip(image); err != nil {
			return err
		}
	}
	return os.WriteFile(b.Output, image, 0o755)
}

// lock makes a directory, and keeps other processes from making files there until it is released.
func lock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return debian.Lock(filepath.Join(dir, "lock"))
}

func (b *builder) goJSON(ctx context.Context, to any, args ...string) error {
	out, err := b.run(ctx, args...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, to)
}

// run runs the go command for a guest.
func (b *builder) run(ctx context.Context, args ...string) ([]byte, error) {
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "CGO_ENABLED=0")
	if b.goroot != "" {
		cmd.Env = append(cmd.Env, "GOROOT="+b.goroot)
	}
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: go %s: %w\n%s", ErrBadOptions, args[0], err, strings.TrimSpace(problems.String()+out.String()))
	}
	return out.Bytes(), nil
}
