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
	"unicode"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/gotests"
	"tuco/tools/tuco/guest"
	"tuco/tools/tuco/host"
)

// testGo is what the tests of packages are run with.
type testGo struct {
	up          upFlags
	hypervisors []string
	run         string
	skip        string
	short       bool
	verbose     bool
	whole       bool
}

func newTestGo() *cobra.Command {
	var t testGo
	var memory string
	cmd := &cobra.Command{
		Use:   "test-go PACKAGE…",
		Short: "Run tests of Go packages in guests",
		Long: `Run the tests of Go packages, of the standard library or of the module here, each package in a guest that is domain 0.

Tests of the standard library that need what a guest doesn't have are left out: tools/tuco/gotests lists them, with the reason.
Each package has a line that tells how many; --all runs them too.

The guest has the package's files and its testdata at their path here, which is its working directory, Go's time zones below
$GOROOT, and /etc/passwd, group and hosts. What lies elsewhere tests don't find.

PACKAGE may be a pattern, as math/... is. The last line counts verdicts: N passed, N failed, N skipped. A test within a test isn't counted by itself. Exit status: 0 if all
passed or were skipped, 1 if not, 2 for a bad argument.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("test-go: no package is named")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if t.up.dom0.domain.Memory, err = host.ParseSize(memory); err != nil {
				return usagef("--memory: %v", err)
			}
			t.up.spec.Memory = t.up.dom0.domain.Memory + 256*host.MiB
			return t.all(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&t.hypervisors, "hypervisor", []string{host.Tuco},
		"tuco, xen, or both with a comma: the same file boots on each")
	flags.StringVar(&t.up.spec.Emulator, "emulator", host.QEMU, "emulator: qemu or bochs")
	flags.IntVar(&t.up.spec.CPUs, "cpus", 1, "CPUs of the host, and vCPUs of each guest")
	flags.StringVar(&memory, "memory", "512M", "memory of each guest")
	flags.DurationVar(&t.up.timeout, "timeout", 10*time.Minute, "time for each package")
	flags.StringVar(&t.run, "run", "", "run only tests that match this pattern")
	flags.StringVar(&t.skip, "skip", "", "leave out tests that match this pattern")
	flags.BoolVar(&t.whole, "all", false, "leave out no test that is listed as one that guests can't run")
	flags.BoolVar(&t.short, "short", false, "shorten long tests")
	flags.BoolVarP(&t.verbose, "verbose", "v", false, "show what the guests print")
	return cmd
}

func (t *testGo) all(cmd *cobra.Command, patterns []string) error {
	packages, err := guest.Packages(cmd.Context(), patterns...)
	if errors.Is(err, guest.ErrBadOptions) {
		return usagef("%v", err)
	}
	if err != nil {
		return err
	}
	var total guest.Count
	failed := false
	for _, name := range packages {
		count, err := t.one(cmd.Context(), name, cmd.OutOrStdout(), cmd.ErrOrStderr())
		switch {
		case errors.Is(err, guest.ErrNoTests):
			fmt.Fprintln(cmd.OutOrStdout(), "?   ", err)
		case errors.Is(err, guest.ErrBadOptions):
			return usagef("%v", err)
		case errors.Is(err, host.ErrBadSpec), errors.Is(err, errUsage):
			return err
		case err != nil:
			fmt.Fprintln(cmd.OutOrStdout(), "FAIL", name+":", err)
			failed = true
		}
		total.Add(count)
	}
	fmt.Fprintln(cmd.OutOrStdout(), total)
	if failed {
		return statusError(exitFailure)
	}
	return nil
}

// one builds the tests of a package, and runs them on each hypervisor.
func (t *testGo) one(ctx context.Context, name string, stdout, stderr io.Writer) (total guest.Count, err error) {
	dir, err := os.MkdirTemp("", "tuco-test-go-")
	if err != nil {
		return total, err
	}
	defer os.RemoveAll(dir)
	left, skip, err := t.leftOut(name)
	if err != nil {
		return total, err
	}
	kernel := filepath.Join(dir, "test.elf")
	options := guest.Options{Package: name, Output: kernel, Work: guestWork(), Source: besideTool(".."), Strip: true}
	test, err := guest.BuildTest(ctx, options, skip...)
	if err != nil {
		return total, err
	}
	files := filepath.Join(dir, "files.cpio")
	if err := test.WriteRamdisk(files); err != nil {
		return total, err
	}
	domain := t.up.dom0.domain
	domain.Kernel, domain.Ramdisk, domain.Args = kernel, files, strings.Join(append(test.Environment(), t.args()), " ")
	for _, hypervisor := range t.hypervisors {
		where := ""
		if len(t.hypervisors) > 1 {
			where = " on " + hypervisor
		}
		count, bad := t.boot(ctx, hypervisor, domain, stdout, stderr)
		if errors.Is(bad, host.ErrBadSpec) {
			return total, bad
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("%v%s: %w", count, where, bad))
		} else {
			fmt.Fprintf(stdout, "ok   %s: %v, %d left out%s\n", name, count, left, where)
		}
		total.Add(count)
	}
	return total, err
}

// boot runs the tests in a guest.
func (t *testGo) boot(ctx context.Context, hypervisor string, domain host.Domain0, stdout, stderr io.Writer) (count guest.Count, err error) {
	up := t.up
	up.spec.Hypervisor = hypervisor
	up.dom0.domain = domain
	if err := up.findFiles(ctx, says(stderr)); err != nil {
		return count, err
	}
	dir := filepath.Join(filepath.Dir(domain.Kernel), hypervisor)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return count, err
	}
	plan, err := host.NewPlan(up.spec, dir, installed())
	if err != nil {
		return count, err
	}
	outcome, err := host.Run(ctx, plan, host.Options{Timeout: up.timeout})
	if err != nil {
		return count, err
	}
	count, ended := guest.Verdicts(outcome.Console)
	good := count.Failed == 0 && ended && outcome.End == host.PoweredOff
	if t.verbose || !good {
		fmt.Fprint(stdout, outcome.Console)
	}
	if !good {
		return count, fmt.Errorf("%v", outcome)
	}
	return count, nil
}

// leftOut is how many tests of a package are left out because a guest can't run them, and the argument that does it.
func (t *testGo) leftOut(pkg string) (n int, args []string, err error) {
	if t.whole {
		return 0, t.skipArgs(nil), nil
	}
	tests, err := gotests.Of(pkg)
	if err != nil {
		return 0, nil, err
	}
	if tests, err = gotests.Run(tests, t.run); err != nil {
		return 0, nil, usagef("--run: %v", err)
	}
	return len(tests), t.skipArgs(tests), nil
}

func (t *testGo) skipArgs(tests []gotests.Test) []string {
	var patterns []string
	for _, p := range []string{gotests.Pattern(tests), t.skip} {
		if p != "" {
			patterns = append(patterns, p)
		}
	}
	if len(patterns) == 0 {
		return nil
	}
	return []string{"-test.skip=" + strings.Join(patterns, "|")}
}

// args is the guest's command line, which spaces part. Package testing looks for an underscore where a pattern has a space.
func (t *testGo) args() string {
	args := []string{"-test.v"}
	if t.run != "" {
		args = append(args, "-test.run="+strings.Map(underscore, t.run))
	}
	if t.short {
		args = append(args, "-test.short")
	}
	return strings.Join(args, " ")
}

func underscore(r rune) rune {
	if unicode.IsSpace(r) {
		return '_'
	}
	return r
}
