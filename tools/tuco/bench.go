package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/debian"
	"tuco/tools/tuco/host"
)

func newBench() *cobra.Command {
	b := bencher{built: besideTool(".")}
	cmd := &cobra.Command{
		Use:   "bench [WORD…]",
		Short: "Measure what operations cost, beside Debian's Xen",
		Long: `Boot the measuring guest on Tuco, on Tuco without its stub, and on Debian's Xen, each as domain 0 in QEMU, which counts
instructions; a second guest of another make, to check the first; and the first once more where its counter counts time. Then
guests under the control domain, for what disks, networks and the store cost. Then stock Linux, once to count instructions
and three times for the time that it takes. Xen and Linux are fetched where they are not there yet.

DIR/bench.json and DIR/bench.md have the report, DIR/bench/RUN each run's logs. Words choose rows: those with one of them in
their name. The word devices stands for the rows of the control domain's, and Linux for those of stock Linux.

Exit status: 0 when every run did what it should and no row is missing; 1 when not, and then it is said what; 2 for a bad
argument or file.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			b.words, b.stdout, b.says = args, cmd.OutOrStdout(), says(cmd.ErrOrStderr())
			return b.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&b.dir, "output", "o", b.built, "directory of the report")
	flags.BoolVar(&b.withLinux, "linux", true, "measure stock Linux too, if no words choose rows, or one is "+linuxWord)
	flags.DurationVar(&b.timeout, "timeout", 5*time.Minute, "time for each run")
	return cmd
}

// A bencher makes a report.
type bencher struct {
	built   string // directory of what make builds
	dir     string // of the report
	words   []string
	timeout time.Duration
	stdout  io.Writer
	says    func(text string)

	withLinux bool // stock Linux too

	xen    string // the image
	report bench.Report
}

func (b *bencher) run(ctx context.Context) (err error) {
	if b.timeout <= 0 {
		return usagef("--timeout %v: want a positive time", b.timeout)
	}
	if err := b.describe(ctx); err != nil {
		return err
	}
	cache := debian.Cache{Dir: filepath.Join(b.built, "cache/debian"), Says: b.says}
	if b.xen, err = cache.Xen(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return usagef("--output: %v", err)
	}
	for _, part := range b.parts() {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if err := b.write(); err != nil {
		return err
	}
	if len(b.words) > 0 {
		return b.judge(nil)
	}
	return b.judge(bench.Required())
}

// The guests that measure. Make builds them.
const (
	firstGuest  = "programs/bench.elf"
	secondGuest = "programs/rawbench.elf"
)

// stubOn is what Tuco's log says if guests have the stub.
var stubOn = regexp.MustCompile(`(?m)^stub: on`)

// guests runs both guests on each hypervisor, and joins what they print.
func (b *bencher) guests(ctx context.Context) error {
	tuco, outcome, err := b.both(ctx, "tuco", host.Spec{Append: "stub=on"})
	if err != nil {
		return err
	}
	b.report.Versions.Tuco = bench.TucoVersion(outcome.Log)
	var stubOff bench.Table
	if stubOn.MatchString(outcome.Log) {
		if stubOff, _, err = b.both(ctx, "tuco-stub-off", host.Spec{Append: "stub=off"}); err != nil {
			return err
		}
	} else {
		b.says("bench: guests have no stub here (the log has no line \"stub: on\"): nothing to measure without it")
	}
	xen, outcome, err := b.both(ctx, "xen", host.Spec{Hypervisor: host.Xen, Image: b.xen})
	if err != nil {
		return err
	}
	b.report.Versions.Xen = bench.XenVersion(outcome.Log)
	b.report.Join(tuco, stubOff, xen)
	return nil
}

// parts is what the words choose.
func (b *bencher) parts() (parts []func(context.Context) error) {
	special := func(word string) bool { return word == linuxWord || word == devicesWord }
	if len(b.words) == 0 || slices.ContainsFunc(b.words, func(word string) bool { return !special(word) }) {
		parts = append(parts, b.guests, b.times)
	}
	if len(b.words) == 0 || slices.Contains(b.words, devicesWord) {
		parts = append(parts, b.devices)
	}
	if b.withLinux && (len(b.words) == 0 || slices.Contains(b.words, devicesWord)) {
		parts = append(parts, b.linuxDevices)
	}
	if b.withLinux && (len(b.words) == 0 || slices.Contains(b.words, linuxWord)) {
		parts = append(parts, b.linux)
	}
	return parts
}

// times runs the first guest where a tick of its counter is time, not an instruction.
func (b *bencher) times(ctx context.Context) error {
	tuco, onTuco, err := b.measure(ctx, "tuco-time", host.Spec{Append: "stub=on"}, firstGuest)
	if err != nil {
		return err
	}
	xen, onXen, err := b.measure(ctx, "xen-time", host.Spec{Hypervisor: host.Xen, Image: b.xen}, firstGuest)
	if err != nil {
		return err
	}
	b.report.Time(tuco, xen, bench.TucoMHz(onTuco.Log), bench.XenMHz(onXen.Log))
	return nil
}

// both boots both guests on a hypervisor, and compares what they have in common.
func (b *bencher) both(ctx context.Context, name string, spec host.Spec) (first bench.Table, outcome *host.Outcome, err error) {
	spec.ICount = true
	first, outcome, err = b.measure(ctx, name, spec, firstGuest)
	if err != nil {
		return nil, nil, err
	}
	second, _, err := b.measure(ctx, name+"-second", spec, secondGuest)
	if err != nil {
		return nil, nil, err
	}
	b.report.Compare(name, first, second)
	return first, outcome, nil
}

// guestMemory is what a measuring guest has.
const guestMemory = 64 * host.MiB

// measure boots a guest that measures, and reads its table.
func (b *bencher) measure(ctx context.Context, name string, spec host.Spec, guest string) (bench.Table, *host.Outcome, error) {
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(b.built, guest), Args: strings.Join(b.words, " "), Memory: guestMemory}
	outcome, err := b.boot(ctx, name, spec, host.Options{})
	if err != nil {
		return nil, nil, err
	}
	table, err := bench.Parse(outcome.Console)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", name, outcome.ConsolePath, err)
	}
	return table, outcome, nil
}

// boot boots a host in QEMU to its end, and keeps its logs. Whatever else but a power off comes of it is an error.
func (b *bencher) boot(ctx context.Context, name string, spec host.Spec, options host.Options) (*host.Outcome, error) {
	if spec.Image == "" {
		spec.Image = filepath.Join(b.built, "tuco.elf")
	}
	plan, err := host.NewPlan(spec, filepath.Join(b.dir, "bench", name), installed())
	if err != nil {
		return nil, err
	}
	b.says("bench: " + name + ": booting " + describe(plan.Spec))
	options.Timeout = b.timeout
	outcome, err := host.Run(ctx, plan, options)
	if err != nil {
		return nil, err
	}
	if outcome.End != host.PoweredOff || outcome.Failed {
		var tail strings.Builder
		outcome.WriteTail(&tail, host.TailLines)
		return nil, fmt.Errorf("%s: %v; the end of its logs:\n%s", name, outcome, tail.String())
	}
	b.says(fmt.Sprintf("bench: %s: %v", name, outcome))
	b.report.Runs = append(b.report.Runs, bench.Run{
		Name: name, Seconds: outcome.Elapsed.Seconds(), Log: b.relative(outcome.LogPath), Console: b.relative(outcome.ConsolePath),
	})
	return outcome, nil
}

// relative is a path as seen from the report.
func (b *bencher) relative(path string) string {
	if short, err := filepath.Rel(b.dir, path); err == nil {
		return short
	}
	return path
}

// describe says in the report what is measured, with what, and where.
func (b *bencher) describe(ctx context.Context) error {
	for _, name := range []string{"tuco.elf", firstGuest, secondGuest, controlImage, deviceGuest, storeGuest} {
		if _, err := os.Stat(filepath.Join(b.built, name)); err != nil {
			return usagef("%v: make builds it", err)
		}
	}
	file, err := os.ReadFile(filepath.Join(b.built, firstGuest))
	if err != nil {
		return err
	}
	b.report = bench.Report{Date: time.Now().UTC(), Machine: bench.ThisMachine(), Model: bench.DefaultModel}
	b.report.Guest = bench.Guest{File: filepath.Base(firstGuest), SHA256: fmt.Sprintf("%x", sha256.Sum256(file))}
	b.report.Versions.Go = runtime.Version()
	if info, err := buildinfo.Read(bytes.NewReader(file)); err == nil {
		b.report.Versions.Go = info.GoVersion
	}
	version, err := installed().Version(ctx, "qemu-system-x86_64")
	b.report.Versions.QEMU = bench.QEMUVersion(version)
	return err
}

// write writes the report's files.
func (b *bencher) write() error {
	for _, file := range []struct {
		name  string
		write func(w io.Writer) error
	}{{"bench.json", b.report.WriteJSON}, {"bench.md", b.report.WriteMarkdown}} {
		var text bytes.Buffer
		if err := file.write(&text); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(b.dir, file.name), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// judge shows the report, and says what it lacks of the operations that it has to have.
func (b *bencher) judge(required []string) error {
	b.report.WriteText(b.stdout)
	b.says(fmt.Sprintf("bench: report in %s and bench.json", filepath.Join(b.dir, "bench.md")))
	missing := b.report.Missing(required)
	for _, why := range missing {
		b.says("bench: missing: " + why)
	}
	if len(missing) > 0 {
		return fmt.Errorf("bench: %d rows are missing: see above", len(missing))
	}
	return nil
}
