package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/profile"
)

// profileFlags are the flags of "tuco profile".
type profileFlags struct {
	up          upFlags
	from, until string
	top         int
	per         float64
}

func newProfile() *cobra.Command {
	var f profileFlags
	cmd := &cobra.Command{
		Use:   "profile [flags]",
		Short: "Boot a host, and tell where its instructions go",
		Long: `Boot a host as "tuco up --headless --icount" does, count the instructions of each function of the hypervisor and of
domain 0's kernel, and print them, most first.

    tuco profile --dom0 out/programs/bench.elf --dom0-memory 64M --dom0-args "channel"

What is counted begins at the first line of the log or of domain 0's console that --from matches, and ends at the first one
behind it that --until matches, where the host ends too. A line is seen some milliseconds after it was printed, so what happens between
should be much longer. --per N divides all by the number of operations that were done there.

"calls" is how often a function began, svm.Enter's for instance the number of exits; "per call" are the instructions of its own,
without those of the functions that it calls. Code without symbols counts by its part of the address space: Debian's kernels have
none, nor has Xen.

It needs QEMU with plugins, as Debian's is.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.up.addHost(flags)
	flags.StringVar(&f.from, "from", "", "count from the line that matches this regular expression (default the start)")
	flags.StringVar(&f.until, "until", "", "count until the line that matches this one (default the end)")
	flags.IntVar(&f.top, "top", 40, "how many functions to print")
	flags.Float64Var(&f.per, "per", 1, "print what each of so many operations took")
	return cmd
}

func (f *profileFlags) run(cmd *cobra.Command) error {
	if f.top < 0 {
		return usagef("--top %d: want a number of functions", f.top)
	}
	if f.per <= 0 {
		return usagef("--per %v: want a number of operations", f.per)
	}
	marks := &marks{}
	var err error
	if marks.from, err = lineExpression("from", f.from); err != nil {
		return err
	}
	if marks.until, err = lineExpression("until", f.until); err != nil {
		return err
	}
	spec := &f.up.spec
	if spec.Emulator != host.QEMU {
		return usagef("--emulator %s: QEMU alone counts", spec.Emulator)
	}
	spec.ICount = true
	if err := f.up.check(cmd); err != nil {
		return err
	}
	if err := f.up.findFiles(cmd.Context(), says(cmd.ErrOrStderr())); err != nil {
		return err
	}
	plugin := besideTool("profile.so")
	if _, err := os.Stat(plugin); errors.Is(err, os.ErrNotExist) {
		return usagef("%s does not exist: make builds it", plugin)
	}
	dir := f.up.logDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tuco-profile-"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return usagef("--log-dir: %v", err)
	}
	if marks.table, err = profile.Create(filepath.Join(dir, "blocks")); err != nil {
		return err
	}
	defer marks.table.Close()
	spec.ExtraArgs = marks.table.Arguments(plugin)
	plan, err := host.NewPlan(*spec, dir, installed())
	if err != nil {
		return err
	}
	return f.count(cmd, plan, marks)
}

// count runs the host and prints the profile.
func (f *profileFlags) count(cmd *cobra.Command, plan *host.Plan, marks *marks) error {
	ctx, end := context.WithCancelCause(cmd.Context())
	defer end(nil)
	marks.reached = func() { end(host.ErrQuit) }
	outcome, err := host.Run(ctx, plan, host.Options{Timeout: f.up.timeout, Output: marks})
	if err != nil {
		return err
	}
	blocks, err := marks.blocks()
	if err != nil {
		return fmt.Errorf("%w; %v; the log is %s", err, outcome, outcome.LogPath)
	}
	p := profile.New(blocks, parts(plan.Spec)...)
	if err := p.Print(cmd.OutOrStdout(), f.top, f.per); err != nil {
		return err
	}
	if marks.end == nil && outcome.Failed {
		fmt.Fprintf(cmd.ErrOrStderr(), "tuco: %v; the log is %s\n", outcome, outcome.LogPath)
		return statusError(outcome.ExitCode())
	}
	return nil
}

// parts are the programs of a run that have symbols.
func parts(spec host.Spec) (parts []profile.Part) {
	add := func(name, path string) {
		if symbols, err := host.LoadSymbols(path); err == nil {
			parts = append(parts, profile.Part{Name: name, Symbols: symbols})
		}
	}
	add("hypervisor", spec.Image)
	if spec.Dom0 != nil {
		add("guest", spec.Dom0.Kernel)
	}
	return parts
}

func lineExpression(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return nil, usagef("--%s: %v", flag, err)
	}
	return expression, nil
}

// marks looks for the lines between which to count, and reads the counts when they come.
type marks struct {
	from, until *regexp.Regexp // nil: the start, the end
	table       *profile.Table
	reached     func() // is called at the line of until

	line       []byte
	began      bool
	start, end []profile.Block
	err        error
}

// Write takes the serial port's output.
func (m *marks) Write(data []byte) (int, error) {
	m.line = append(m.line, data...)
	for {
		line, rest, whole := bytes.Cut(m.line, []byte("\n"))
		if !whole {
			return len(data), m.err
		}
		m.look(bytes.TrimRight(line, "\r"))
		m.line = append(m.line[:0], rest...)
	}
}

func (m *marks) look(line []byte) {
	switch {
	case m.err != nil || m.end != nil:
	case m.from != nil && !m.began:
		if m.from.Match(line) {
			m.began = true
			m.start, m.err = m.table.Read()
		}
	case m.until != nil && m.until.Match(line):
		m.end, m.err = m.table.Read()
		m.reached()
	}
}

// blocks is what was counted between the lines.
func (m *marks) blocks() ([]profile.Block, error) {
	end := m.end
	switch {
	case m.err != nil:
		return nil, m.err
	case m.from != nil && !m.began:
		return nil, fmt.Errorf("--from: no line matched %q", m.from)
	case m.until != nil && end == nil:
		return nil, fmt.Errorf("--until: no line matched %q", m.until)
	case end == nil:
		var err error
		if end, err = m.table.Read(); err != nil {
			return nil, err
		}
	}
	if len(end) == 0 {
		return nil, errors.New("QEMU has counted nothing")
	}
	return profile.Since(m.start, end), nil
}

var _ io.Writer = (*marks)(nil)
