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
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/profile"
)

// profileFlags are the flags of "tuco profile".
type profileFlags struct {
	up          upFlags
	from, until string
	window      []string
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

--window FUNCTION,FUNCTION counts exactly, from where the first function begins to where the second one does, each time; by default
all is divided by the number of such windows. Either may be FUNCTION+OFFSET, a place behind a jump or a call.

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
	flags.StringSliceVar(&f.window, "window", nil, "count from where the first of two functions begins to where the second one does")
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
	programs := parts(*spec)
	window, err := findWindow(f.window, programs)
	if err != nil {
		return err
	}
	if marks.table, err = profile.Create(filepath.Join(dir, "blocks"), window); err != nil {
		return err
	}
	defer marks.table.Close()
	spec.ExtraArgs = marks.table.Arguments(plugin)
	plan, err := host.NewPlan(*spec, dir, installed())
	if err != nil {
		return err
	}
	return f.count(cmd, plan, marks, programs)
}

// count runs the host and prints the profile.
func (f *profileFlags) count(cmd *cobra.Command, plan *host.Plan, marks *marks, programs []profile.Part) error {
	ctx, end := context.WithCancelCause(cmd.Context())
	defer end(nil)
	marks.reached = func() { end(host.ErrQuit) }
	outcome, err := host.Run(ctx, plan, host.Options{Timeout: f.up.timeout, Output: marks})
	if err != nil {
		return err
	}
	blocks, windows, err := marks.blocks()
	if err == nil && f.window != nil && windows == 0 {
		err = fmt.Errorf("--window: %s began, and %s behind it, at no time", f.window[0], f.window[1])
	}
	if err != nil {
		return fmt.Errorf("%w; %v; the log is %s", err, outcome, outcome.LogPath)
	}
	per := f.per
	if f.window != nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%d windows\n", windows)
		if !cmd.Flags().Changed("per") {
			per = float64(windows)
		}
	}
	if err := profile.New(blocks, programs...).Print(cmd.OutOrStdout(), f.top, per); err != nil {
		return err
	}
	if marks.until == nil && outcome.Failed {
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

// findWindow finds the addresses of two functions.
func findWindow(names []string, programs []profile.Part) (*profile.Window, error) {
	switch len(names) {
	case 0:
		return nil, nil
	case 2:
	default:
		return nil, usagef("--window %s: want two functions with a comma between", strings.Join(names, ","))
	}
	var addresses [2]uint64
	for i, name := range names {
		var err error
		if addresses[i], err = findPlace(name, programs); err != nil {
			return nil, err
		}
	}
	return &profile.Window{From: addresses[0], Until: addresses[1]}, nil
}

// findPlace finds FUNCTION or FUNCTION+OFFSET.
func findPlace(name string, programs []profile.Part) (uint64, error) {
	function, text, has := strings.Cut(name, "+")
	offset := uint64(0)
	if has {
		var err error
		if offset, err = strconv.ParseUint(text, 0, 32); err != nil {
			return 0, usagef("--window %s: want a number such as 0x10 behind the plus", name)
		}
	}
	for _, p := range programs {
		if address, ok := p.Symbols.Address(function); ok {
			return address + offset, nil
		}
	}
	return 0, usagef("--window: no program of this run has a function %q (go tool nm shows their names)", function)
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
	before     uint64 // windows at the start
	windows    uint64 // at the end
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
			m.start, m.before, m.err = m.table.Read()
		}
	case m.until != nil && m.until.Match(line):
		m.end, m.windows, m.err = m.table.Read()
		m.reached()
	}
}

// blocks is what was counted between the lines, and how many windows were there.
func (m *marks) blocks() (blocks []profile.Block, windows uint64, err error) {
	switch {
	case m.err != nil:
		return nil, 0, m.err
	case m.from != nil && !m.began:
		return nil, 0, fmt.Errorf("--from: no line matched %q", m.from)
	case m.until != nil && m.end == nil:
		return nil, 0, fmt.Errorf("--until: no line matched %q", m.until)
	case m.end == nil:
		if m.end, m.windows, err = m.table.Read(); err != nil {
			return nil, 0, err
		}
	}
	if len(m.end) == 0 {
		return nil, 0, errors.New("QEMU has counted nothing")
	}
	return profile.Since(m.start, m.end), m.windows - m.before, nil
}

var _ io.Writer = (*marks)(nil)
