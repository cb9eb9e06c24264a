package linux

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/modfile"
)

// makebb is gobusybox's program, one of the tools of the module in commandDir.
const makebb = "github.com/u-root/gobusybox/src/cmd/makebb"

// commands are u-root's commands in the initramfs by their import paths: the tools of the module in commandDir.
func (o Options) commands() ([]string, error) {
	name := filepath.Join(o.Source, commandDir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	module, err := modfile.Parse(name, text, nil)
	if err != nil {
		return nil, err
	}
	var commands []string
	for _, tool := range module.Tool {
		if tool.Path != makebb {
			commands = append(commands, tool.Path)
		}
	}
	return commands, nil
}

// busybox gives the path of u-root's commands in one program, which it builds if it is not in the cache.
func (o Options) busybox(ctx context.Context, commands []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), commands)
	if err := hashFile(sum, "go.sum", filepath.Join(o.Source, commandDir, "go.sum")); err != nil {
		return "", err
	}
	program := filepath.Join(o.Cache, fmt.Sprintf("uroot-%.8x", sum.Sum(nil)))
	if exists(program) {
		return program, nil
	}
	o.say("building %d of u-root's commands, which takes about half a minute", len(commands))
	scratch, err := os.MkdirTemp(o.Cache, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	// goshsmall: a shell that leaves line editing to the terminal, and does not draw on it.
	words := []string{"tool", makebb, "-go-build-tags", "goshsmall", "-gen-dir", filepath.Join(scratch, "source"), "-o", filepath.Join(scratch, "bb")}
	if err := goRun(ctx, filepath.Join(o.Source, commandDir), append(words, commands...)...); err != nil {
		return "", err
	}
	return program, os.Rename(filepath.Join(scratch, "bb"), program)
}

// load builds guests/linuxload and gives its contents.
func (o Options) load(ctx context.Context) ([]byte, error) {
	scratch, err := os.MkdirTemp(o.Cache, "new-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	program := filepath.Join(scratch, path.Base(loadDir))
	if err := goRun(ctx, o.Source, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./"+loadDir); err != nil {
		return nil, err
	}
	return os.ReadFile(program)
}

// goRun runs the go command in a directory, to build for the guest.
func goRun(ctx context.Context, dir string, words ...string) error {
	cmd := exec.CommandContext(ctx, "go", words...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("in %s: go %s: %w\n%s", dir, strings.Join(words[:2], " "), err, bytes.TrimSpace(output.Bytes()))
	}
	return nil
}
