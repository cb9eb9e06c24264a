// Package guest builds Go programs as paravirtual guests.
package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tuco/tools/goport"
)

// Options says what to build.
type Options struct {
	Package string // a main package, as the go command names it
	Output  string // the file to write
	Work    string // a directory for what is made on the way; a stable one keeps the build cache useful
	Strip   bool   // leave out the symbol table
	Stderr  io.Writer
}

// ErrBadOptions marks an error that the options' author can mend.
var ErrBadOptions = errors.New("bad option")

// importer is added to the program's main package, which so links the library.
const importer = "package main\n\nimport _ \"tuco/guestlib/start\"\n"

// Build builds a guest.
func Build(ctx context.Context, o Options) error {
	pkg, err := list(ctx, o)
	if err != nil {
		return err
	}
	common, err := filepath.Abs(o.Work)
	if err != nil {
		return err
	}
	work := filepath.Join(common, strings.ReplaceAll(pkg.ImportPath, "/", "_"))
	var env struct{ GOROOT, GOVERSION string }
	if err := goJSON(ctx, o, &env, "env", "-json", "GOROOT", "GOVERSION"); err != nil {
		return err
	}
	overlay, err := goport.Runtime(env.GOROOT, env.GOVERSION, filepath.Join(common, "goroot"))
	if err != nil {
		return err
	}
	if err := overlay.Add(filepath.Join(pkg.Dir, "tuco_guest.go"), work, importer); err != nil {
		return err
	}
	config := filepath.Join(work, "overlay.json")
	if err := overlay.Write(config); err != nil {
		return err
	}
	linked := filepath.Join(work, "linked.elf")
	ldflags := fmt.Sprintf("-E %s -T %#x -buildid= -checklinkname=0", goport.EntrySymbol, goport.Text)
	if _, err := goCommand(ctx, o, "build", "-trimpath", "-buildvcs=false", "-overlay", config,
		"-gcflags=tuco/guestlib/...=-wb=false", "-ldflags", ldflags, "-o", linked, o.Package); err != nil {
		return err
	}
	image, err := os.ReadFile(linked)
	if err != nil {
		return err
	}
	if err := goport.Check(image); err != nil {
		return fmt.Errorf("%s: %w", o.Package, err)
	}
	if err := goport.Kernel(image); err != nil {
		return fmt.Errorf("%s: %w", o.Package, err)
	}
	if o.Strip {
		if image, err = goport.Strip(image); err != nil {
			return err
		}
	}
	return os.WriteFile(o.Output, image, 0o755)
}

// program is what is asked of a package.
type program struct {
	Dir, Name, ImportPath string
}

func list(ctx context.Context, o Options) (*program, error) {
	var pkg program
	if err := goJSON(ctx, o, &pkg, "list", "-json=Dir,Name,ImportPath", o.Package); err != nil {
		return nil, err
	}
	if pkg.Name != "main" {
		return nil, fmt.Errorf("%w: %s is package %s: a guest is built of a package main", ErrBadOptions, pkg.ImportPath, pkg.Name)
	}
	return &pkg, nil
}

func goJSON(ctx context.Context, o Options, to any, args ...string) error {
	out, err := goCommand(ctx, o, args...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, to)
}

// goCommand runs the go command for a guest.
func goCommand(ctx context.Context, o Options, args ...string) ([]byte, error) {
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: go %s: %w\n%s", ErrBadOptions, args[0], err, strings.TrimSpace(problems.String()))
	}
	return out.Bytes(), nil
}
