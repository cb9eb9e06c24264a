package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Plan is what is run for a [Spec]: an emulator's command line and the files that it reads.
type Plan struct {
	Spec Spec     // resolved
	Dir  string   // the run's directory: the log and the files below are made here
	Args []string // the emulator's command line; Args[0] is its path
	Env  []string // added to the environment
	ISO  string   // path of the ISO to make first, if the machine boots from one

	Files  []File // configuration files to write before the start
	Bundle string // path of the boot bundle; none if empty. One for Spec.Dom0 is made first

	programs Programs
}

// A File is a small file that the emulator reads.
type File struct{ Path, Text string }

// The names of the logs in a run's directory.
const (
	LogName     = "hypervisor.log"
	ConsoleName = "dom0.console.log" // domain 0's; not there for a hypervisor alone
)

// bochsPTY stands for the terminal of the first serial port in a plan for Bochs, until [Run] has made it.
const bochsPTY = "@COM1@"

// NewPlan resolves a spec and plans its run in dir. Nothing is made or started.
func NewPlan(spec Spec, dir string, programs Programs) (*Plan, error) {
	spec, err := spec.Resolve()
	if err != nil {
		return nil, err
	}
	plan := &Plan{Spec: spec, Dir: dir, Bundle: spec.Bundle, programs: programs}
	if spec.makesBundle() {
		plan.Bundle = filepath.Join(dir, "dom0.cpio")
	}
	if spec.Boot == ISO {
		plan.ISO = filepath.Join(dir, "tuco.iso")
	}
	if spec.Emulator == Bochs {
		return plan, plan.bochs()
	}
	return plan, plan.qemu()
}

// makesBundle tells whether a bundle is made for the run.
func (s Spec) makesBundle() bool { return s.Dom0 != nil && s.Hypervisor == Tuco }

// prepare makes the files that the emulator reads.
func (p *Plan) prepare(ctx context.Context) error {
	if p.Spec.makesBundle() {
		if err := p.Spec.Dom0.WriteBundle(p.Bundle); err != nil {
			return err
		}
	}
	if p.ISO != "" {
		if err := MakeISO(ctx, p.iso(), p.programs); err != nil {
			return err
		}
	}
	for _, file := range p.Files {
		if err := os.WriteFile(file.Path, []byte(file.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// cleanUp removes what prepare made; the log stays.
func (p *Plan) cleanUp() {
	if p.ISO != "" {
		os.Remove(p.ISO)
	}
	if p.Spec.makesBundle() {
		os.Remove(p.Bundle)
	}
	for _, file := range p.Files {
		os.Remove(file.Path)
	}
}

func (p *Plan) iso() ISOSpec {
	return ISOSpec{Output: p.ISO, Image: p.Spec.Image, Bundle: p.Bundle, Append: p.Spec.Append}
}

// Script writes the plan as a shell script that does the same by hand. self is the command that makes ISOs.
func (p *Plan) Script(w io.Writer, self string) error {
	var b strings.Builder
	if p.ISO != "" || len(p.Files) > 0 || p.Spec.makesBundle() {
		fmt.Fprintf(&b, "mkdir -p %s\n", ShellQuote(p.Dir))
	}
	if p.Spec.makesBundle() {
		domain := p.Spec.Dom0
		words := []string{self, "bundle", "-o", p.Bundle, "--dom0", domain.Kernel}
		if domain.Ramdisk != "" {
			words = append(words, "--dom0-ramdisk", domain.Ramdisk)
		}
		if domain.Args != "" {
			words = append(words, "--dom0-args", domain.Args)
		}
		words = append(words, "--dom0-memory", domain.Memory.String(), "--dom0-vcpus", fmt.Sprint(domain.VCPUs))
		fmt.Fprintln(&b, ShellQuote(words...))
	}
	if p.ISO != "" {
		words := []string{self, "iso", "--image", p.Spec.Image, "-o", p.ISO}
		if p.Bundle != "" {
			words = append(words, "--bundle", p.Bundle)
		}
		if p.Spec.Append != "" {
			words = append(words, "--append", p.Spec.Append)
		}
		fmt.Fprintln(&b, ShellQuote(words...))
	}
	for _, file := range p.Files {
		// By hand there is no terminal of ours: a file takes the serial port's output.
		text := strings.ReplaceAll(file.Text, "mode=term, dev="+bochsPTY, "mode=file, dev="+filepath.Join(p.Dir, LogName))
		fmt.Fprintf(&b, "cat >%s <<'EOF'\n%sEOF\n", ShellQuote(file.Path), text)
	}
	if len(p.Env) > 0 {
		fmt.Fprintf(&b, "env %s ", ShellQuote(p.Env...))
	}
	fmt.Fprintln(&b, ShellQuote(p.Args...))
	_, err := io.WriteString(w, b.String())
	return err
}

// MainLog is the name of the log in a run's directory that people look at first: domain 0's console, where there is one.
func (s Spec) MainLog() string {
	if s.Dom0 != nil {
		return ConsoleName
	}
	return LogName
}
