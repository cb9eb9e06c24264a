package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
)

// upFlags are the flags of "tuco up".
type upFlags struct {
	spec     host.Spec
	memory   string
	timeout  time.Duration
	headless bool
	logDir   string
	dryRun   bool
	bare     bool
}

func newUp(stdin *os.File) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up [flags]",
		Short: "Boot a host in an emulator",
		Long: `Boot a host in an emulator, and stay until it ends.

Without --headless the terminal is the host's serial console; Ctrl-] or Ctrl-C there ends the host. The hypervisor
answers keys on it: h lists them.

Exit status: 0 when the hypervisor powered off or rebooted, or the user ended it; 1 when it crashed or halted, or the
emulator failed; 124 when the time was up; 2 for a bad argument or file.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return up(cmd, f, args, stdin)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.spec.Emulator, "emulator", host.QEMU, "emulator: qemu or bochs")
	flags.StringVar(&f.spec.Vendor, "vendor", "", "CPU vendor: amd or intel (default amd on qemu, intel on bochs)")
	flags.StringVar(&f.spec.CPUModel, "cpu-model", "", "the emulator's name of a CPU model (default by vendor)")
	flags.IntVar(&f.spec.CPUs, "cpus", 1, "number of CPUs")
	flags.StringVar(&f.memory, "memory", "1G", "memory, such as 512M or 1G")
	flags.StringVar(&f.spec.Boot, "boot", "", "way to boot: pvh or iso (default pvh on qemu, iso on bochs)")
	flags.StringVar(&f.spec.Accel, "accel", "", "QEMU's accelerator: tcg or kvm (default tcg)")
	flags.StringVar(&f.spec.Image, "image", "", "the hypervisor (default tuco.elf beside this tool)")
	flags.StringVar(&f.spec.Bundle, "bundle", "", "boot bundle (newc cpio), passed as the one module")
	flags.StringVar(&f.spec.Append, "append", "", "the hypervisor's command line")
	flags.BoolVar(&f.bare, "bare", false, "boot the hypervisor alone")
	flags.BoolVar(&f.headless, "headless", false, "no console: only the log, and the exit status")
	flags.DurationVar(&f.timeout, "timeout", 0, "end the host after this time, such as 30s (default none)")
	flags.StringVar(&f.logDir, "log-dir", "", "directory of hypervisor.log (default a new temporary one)")
	flags.BoolVar(&f.spec.ICount, "icount", false, "QEMU: the TSC counts instructions")
	flags.BoolVar(&f.spec.Debug, "gdb", false, "wait for gdb on port 1234 before the first instruction")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be run, as a shell script, and do nothing")
	return cmd
}

func up(cmd *cobra.Command, f upFlags, args []string, stdin *os.File) error {
	stderr := cmd.ErrOrStderr()
	if len(args) > 0 {
		return usagef("%s: guests can't be started yet; possible now: --bare boots the hypervisor alone, "+
			"--bundle FILE with the domains of a boot bundle", args[0])
	}
	if f.bare && f.spec.Bundle != "" {
		return usagef("--bare boots the hypervisor alone: leave out --bundle, or --bare")
	}
	var err error
	if f.spec.Memory, err = host.ParseSize(f.memory); err != nil {
		return usagef("%v", err)
	}
	if f.spec.Memory == 0 {
		return usagef("--memory %s: want at least %v", f.memory, host.MinMemory)
	}
	if f.spec.CPUs < 1 {
		return usagef("--cpus %d: want 1 to %d", f.spec.CPUs, host.MaxCPUs)
	}
	if f.timeout < 0 {
		return usagef("--timeout %v: want a positive time", f.timeout)
	}
	programs := installed()
	if f.spec.Image == "" {
		f.spec.Image = besideTool("tuco.elf")
		if _, err := os.Stat(f.spec.Image); errors.Is(err, os.ErrNotExist) {
			return usagef("%s does not exist: make builds it, or name another with --image", f.spec.Image)
		}
	}
	if f.dryRun {
		dir := f.logDir
		if dir == "" {
			dir = filepath.Join(os.TempDir(), "tuco-up")
		}
		plan, err := host.NewPlan(f.spec, dir, programs)
		if err != nil {
			return err
		}
		return plan.Script(cmd.OutOrStdout(), toolPath())
	}
	// Refuse a bad spec before a directory is made for it.
	if _, err := f.spec.Resolve(); err != nil {
		return err
	}
	dir := f.logDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tuco-up-"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return usagef("--log-dir: %v", err)
	}
	plan, err := host.NewPlan(f.spec, dir, programs)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "tuco: booting %s; log in %s\n", describe(plan.Spec), filepath.Join(dir, host.LogName))

	ctx, end := context.WithCancelCause(cmd.Context())
	defer end(nil)
	options := host.Options{Timeout: f.timeout}
	if f.spec.Debug {
		fmt.Fprintln(stderr, "tuco: waiting for", host.ShellQuote("gdb", "-ex", "target remote "+plan.Spec.GDBAddress(), plan.Spec.Image))
	}
	if !f.headless {
		options.Output = cmd.OutOrStdout()
		options.Input = stdin
		if host.IsTerminal(stdin) {
			restore, err := host.SetRaw(stdin, false)
			if err != nil {
				return err
			}
			defer restore()
			fmt.Fprintln(stderr, "tuco: this is the serial console; Ctrl-] ends the host")
			options.Input = &escapeReader{from: stdin, quit: func() { end(host.ErrQuit) }}
		}
	}
	outcome, err := host.Run(ctx, plan, options)
	if err != nil {
		return err
	}
	if outcome.Failed {
		// The console has just shown the log, but as it came, without places in the source.
		fmt.Fprintln(stderr, "--- the end of the log:")
		if err := outcome.WriteTail(stderr, host.TailLines); err != nil {
			return err
		}
	}
	fmt.Fprintf(stderr, "tuco: %v\n", outcome)
	if outcome.End == host.Interrupted {
		return statusError(exitInterrupt)
	}
	if code := outcome.ExitCode(); code != 0 {
		return statusError(code)
	}
	return nil
}

// describe says in a few words what is booted.
func describe(spec host.Spec) string {
	cpus := "1 CPU"
	if spec.CPUs > 1 {
		cpus = fmt.Sprintf("%d CPUs", spec.CPUs)
	}
	return strings.Join([]string{filepath.Base(spec.Image), "in", spec.Emulator, "(" + spec.CPUModel + ", " + cpus + ", " + spec.Memory.String() + ", " + spec.Boot + ")"}, " ")
}

// An escapeReader passes the keys of a raw terminal on, up to the one that ends the host.
type escapeReader struct {
	from io.Reader
	quit func()
}

// The keys that end the host.
const (
	ctrlC            = 0x03
	ctrlRightBracket = 0x1d
)

func (e *escapeReader) Read(buffer []byte) (int, error) {
	n, err := e.from.Read(buffer)
	for i, key := range buffer[:n] {
		if key == ctrlC || key == ctrlRightBracket {
			e.quit()
			return i, io.EOF
		}
	}
	return n, err
}

// toolPath is this tool's own path.
func toolPath() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// besideTool gives the path of a file in the directory of this tool.
func besideTool(name string) string { return filepath.Join(filepath.Dir(toolPath()), name) }

// installed finds programs on PATH, and below deps beside this tool, where make deps unpacks what it can't install.
func installed() host.Programs { return host.Programs{Unpacked: besideTool("deps")} }
