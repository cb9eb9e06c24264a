package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
	control  string // the control domain

	dom0    dom0Flags
	devices deviceFlags
	manage  manageFlags

	started func(pid int)                // is told of the emulator; nil: nobody is
	shows   func(to io.Writer) io.Writer // stands before the terminal; nil: nothing does
}

func newUp(stdin *os.File) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up [flags] [guest.cfg…]",
		Short: "Boot a host in an emulator",
		Long: `Boot a host in an emulator, and stay until it ends.

Without --headless the terminal is the host's serial console, and Ctrl-] there ends the host. The hypervisor
answers keys on it: h lists them. With --dom0 the terminal is domain 0's console instead; Ctrl-A three times switches the
keys between domain 0 and the hypervisor.

With guest.cfg files, which have the keys of xl.cfg, the control domain is domain 0 and makes these guests. What they write on their consoles is on its
console, with the guest's name before each line.
Their disks are volumes on the host's disk (--disk, --volume); their network is behind the host's, and --forward lets connections in.
The host ends when the last of them has ended. With --keep it stays, and needs no guest to begin with: poweroff on the control domain's console ends it. On
a terminal it is kept, unless --keep=false.

The control domain has a management API, by which ps, create, console and other commands reach the host; --api says where, or that there is to be none.
What guests there are is on record on the host's disk: "tuco up --disk FILE" starts them again. A guest.cfg file stands above the record.

--dom0 boots a paravirtual kernel as domain 0: an ELF file with Xen notes, or a Linux bzImage, which is unpacked. For stock
Linux, "tuco image linux" makes the files, and prints the command that boots them.

The log directory gets hypervisor.log and, where there is a domain 0, dom0.console.log; where that is the control domain, also control.log with what it says itself, and
NAME.console.log for each guest.

Exit status: 0 when the hypervisor powered off or rebooted, as it does when domain 0 asks for it, or the user ended it; 1
when a guest, domain 0 or the hypervisor crashed, the machine can't be used, or the emulator failed; 124 when the time was up; 2 for a
bad argument or file.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return up(cmd, f, args, stdin)
		},
	}
	flags := cmd.Flags()
	f.addHost(flags)
	f.devices.add(flags)
	f.manage.add(flags)
	flags.StringVar(&f.control, "control", "", "the control domain (default control.elf beside this tool)")
	flags.BoolVar(&f.bare, "bare", false, "boot the hypervisor alone")
	flags.BoolVar(&f.headless, "headless", false, "no console: only the log, and the exit status")
	flags.BoolVar(&f.spec.ICount, "icount", false, "QEMU: the TSC counts instructions")
	flags.BoolVar(&f.spec.Debug, "gdb", false, "wait for gdb on port 1234 before the first instruction")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be run, as a shell script, and do nothing")
	return cmd
}

// addHost adds the flags that say what is booted, and for how long.
func (f *upFlags) addHost(flags *pflag.FlagSet) {
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
	f.dom0.add(flags)
	flags.StringVar(&f.spec.Hypervisor, "hypervisor", host.Tuco, "tuco; or xen, Debian's, to compare (QEMU, needs --dom0)")
	flags.DurationVar(&f.timeout, "timeout", 0, "end the host after this time, such as 30s (default none)")
	flags.StringVar(&f.logDir, "log-dir", "", "directory of the logs (default a new temporary one)")
}

func up(cmd *cobra.Command, f upFlags, args []string, stdin *os.File) error {
	stderr := cmd.ErrOrStderr()
	if err := f.check(cmd); err != nil {
		return err
	}
	if err := f.findFiles(cmd.Context(), says(stderr)); err != nil {
		return err
	}
	f.manage.keep = f.manage.keeps(cmd.Flags(), args, !f.headless && host.IsTerminal(stdin))
	guests, err := f.packGuests(args)
	if err != nil {
		return err
	}
	api, err := f.manage.apply(cmd.Flags(), f.spec.Emulator, guests, f.dryRun)
	if err != nil {
		return err
	}
	if err := f.devices.apply(&f.spec, guests, api.forward()); err != nil {
		return err
	}
	programs := installed()
	if f.dryRun {
		dir := f.logDir
		if dir == "" {
			dir = filepath.Join(os.TempDir(), "tuco-up")
		}
		if guests != nil { // the script boots them
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if f.spec.Dom0, err = guests.domain0(f.control, dir); err != nil {
				return err
			}
		}
		plan, err := host.NewPlan(f.spec, dir, programs)
		if err != nil {
			return err
		}
		return plan.Script(cmd.OutOrStdout(), toolPath())
	}
	// Refuse a bad spec before a directory is made for it.
	spec, err := f.spec.Resolve()
	if err == nil {
		err = errors.Join(spec.CheckRoom(), f.devices.checkPorts())
	}
	if err != nil {
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
	if guests != nil {
		if f.spec.Dom0, err = guests.domain0(f.control, dir); err != nil {
			return err
		}
	}
	plan, err := host.NewPlan(f.spec, dir, programs)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "tuco: booting %s; log in %s\n", describe(plan.Spec), filepath.Join(dir, plan.Spec.MainLog()))
	if guests != nil && f.spec.Emulator == host.Bochs {
		fmt.Fprintln(stderr, "tuco: there is no management API: Bochs has no network by which it could be reached")
	}
	forget, err := api.record(dir, stderr)
	if err != nil {
		return err
	}
	defer forget()

	ctx, end := context.WithCancelCause(cmd.Context())
	defer end(nil)
	options := host.Options{Timeout: f.timeout, Started: f.started}
	if f.spec.Debug {
		fmt.Fprintln(stderr, "tuco: waiting for", host.ShellQuote("gdb", "-ex", "target remote "+plan.Spec.GDBAddress(), plan.Spec.Image))
	}
	if !f.headless {
		options.Output = cmd.OutOrStdout()
		if f.shows != nil {
			options.Output = f.shows(options.Output)
		}
		options.Input = stdin
		if host.IsTerminal(stdin) {
			restore, err := host.SetRaw(stdin, false)
			if err != nil {
				return err
			}
			defer restore()
			fmt.Fprintln(stderr, "tuco: this is", consoleOf(plan.Spec)+"; Ctrl-] ends the host")
			options.Input = &escapeReader{from: stdin, keys: endKeys(plan.Spec), quit: func() { end(host.ErrQuit) }}
		}
	}
	outcome, err := host.Run(ctx, plan, options)
	if err != nil {
		return err
	}
	if outcome.Failed {
		if !f.headless {
			outcome.Console = "" // the user has just seen it
		}
		// The log was on the terminal too, but as it came, without places in the source.
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

// packGuests packs the guests to be started, and finds the control domain to start them. Without any, those on record on the host's disk are started. It gives nil if there
// is no disk either.
func (f *upFlags) packGuests(names []string) (*guestPack, error) {
	other := f.bare || f.spec.Bundle != "" || f.dom0.domain.Kernel != ""
	if len(names) == 0 && !f.manage.keep && (f.devices.disk == "" || other) {
		return nil, nil
	}
	if other {
		what := "--keep"
		if len(names) > 0 {
			what = names[0]
		}
		return nil, usagef("%s: the control domain starts guests: leave out --bare, --bundle and --dom0, or the guests", what)
	}
	if err := f.devices.checkDisk(&f.spec); err != nil { // before anything else that it may be the reason for
		return nil, err
	}
	p, err := packGuests(names)
	if err != nil {
		return nil, err
	}
	if f.manage.keep {
		p.words = append(p.words, "keep")
	}
	if p.memory, err = f.manage.memoryFor(p.memory, f.devices.disk != ""); err != nil {
		return nil, err
	}
	if len(names) == 0 && f.devices.disk != "" { // what the guests on record have is not known here
		p.network = true
	}
	if err := p.fit("--memory", f.spec.Memory); err != nil {
		return nil, err
	}
	if f.devices.disk == "" {
		if err := p.checkVolumes(f.devices.volumeNames(), "--volume %s=64M makes it, --disk FILE is a disk that has it"); err != nil {
			return nil, err
		}
	}
	f.control, err = findControl(f.control)
	return p, err
}

// check reads and checks the flags' values.
func (f *upFlags) check(cmd *cobra.Command) (err error) {
	if f.bare && (f.spec.Bundle != "" || f.dom0.domain.Kernel != "") {
		return usagef("--bare boots the hypervisor alone: leave out --bundle and --dom0, or --bare")
	}
	if f.spec.Bundle != "" && f.dom0.domain.Kernel != "" {
		return usagef("--bundle has its own domains: leave out --dom0, or --bundle")
	}
	if err := f.dom0.check(cmd.Flags()); err != nil {
		return err
	}
	if f.spec.Memory, err = host.ParseSize(f.memory); err != nil {
		return usagef("--memory: %v", err)
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
	return nil
}

// findFiles finds the hypervisor and domain 0's kernel, which may have to be fetched or unpacked first.
func (f *upFlags) findFiles(ctx context.Context, says func(string)) (err error) {
	switch {
	case f.spec.Image != "":
	case f.spec.Hypervisor == host.Xen:
		if f.spec.Image, err = debianCache(says).Xen(ctx); err != nil {
			return err
		}
	default:
		f.spec.Image = besideTool("tuco.elf")
		if _, err := os.Stat(f.spec.Image); errors.Is(err, os.ErrNotExist) {
			return usagef("%s does not exist: make builds it, or name another with --image", f.spec.Image)
		}
	}
	if f.dom0.domain.Kernel == "" {
		return nil
	}
	f.spec.Dom0 = &f.dom0.domain
	return f.dom0.unpack()
}

// consoleOf names what the terminal is.
func consoleOf(spec host.Spec) string {
	if spec.Dom0 != nil && spec.Hypervisor == host.Tuco {
		return "domain 0's console; Ctrl-A three times switches the keys to the hypervisor and back"
	}
	return "the serial console"
}

// describe says in a few words what is booted.
func describe(spec host.Spec) string {
	cpus := "1 CPU"
	if spec.CPUs > 1 {
		cpus = fmt.Sprintf("%d CPUs", spec.CPUs)
	}
	what := filepath.Base(spec.Image)
	if spec.Dom0 != nil {
		what = fmt.Sprintf("%s with %s as domain 0 (%v)", what, filepath.Base(spec.Dom0.Kernel), spec.Dom0.Memory)
	}
	return strings.Join([]string{what, "in", spec.Emulator, "(" + spec.CPUModel + ", " + cpus + ", " + spec.Memory.String() + ", " + spec.Boot + ")"}, " ")
}

// The keys that end the host.
const (
	ctrlC            = 0x03
	ctrlRightBracket = 0x1d
)

// endKeys are the keys that end a host. Ctrl-C is one where nobody in the machine could want it.
func endKeys(spec host.Spec) string {
	if spec.Dom0 == nil && spec.Bundle == "" {
		return string([]byte{ctrlC, ctrlRightBracket})
	}
	return string([]byte{ctrlRightBracket})
}

// An escapeReader passes the keys of a raw terminal on, up to one that ends the host.
type escapeReader struct {
	from io.Reader
	keys string
	quit func()
}

func (e *escapeReader) Read(buffer []byte) (int, error) {
	n, err := e.from.Read(buffer)
	if i := bytes.IndexAny(buffer[:n], e.keys); i >= 0 {
		e.quit()
		return i, io.EOF
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
