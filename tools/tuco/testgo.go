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

	"tuco/tools/tuco/guest"
	"tuco/tools/tuco/host"
)

// testGo is what the tests of packages are run with.
type testGo struct {
	up      upFlags
	run     string
	skip    string
	short   bool
	verbose bool
}

func newTestGo() *cobra.Command {
	var t testGo
	var memory string
	cmd := &cobra.Command{
		Use:   "test-go PACKAGE…",
		Short: "Run tests of Go packages in guests",
		Long: `Run the tests of Go packages, of the standard library or of the module here, each package in a guest that is domain 0.

The last line counts them: N passed, N failed, N skipped. A test within a test isn't counted by itself. Exit status: 0 if all
passed or were skipped, 1 if not, 2 for a bad argument.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("test-go: no package is named")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if t.up.spec.Memory, err = host.ParseSize("1G"); err != nil {
				return err
			}
			if t.up.dom0.domain.Memory, err = host.ParseSize(memory); err != nil {
				return usagef("--memory: %v", err)
			}
			return t.all(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.up.spec.Hypervisor, "hypervisor", host.Tuco, "tuco or xen")
	flags.StringVar(&t.up.spec.Emulator, "emulator", host.QEMU, "emulator: qemu or bochs")
	flags.StringVar(&memory, "memory", "512M", "memory of each guest")
	flags.DurationVar(&t.up.timeout, "timeout", 10*time.Minute, "time for each package")
	flags.StringVar(&t.run, "run", "", "run only tests that match this pattern")
	flags.StringVar(&t.skip, "skip", "", "leave out tests that match this pattern")
	flags.BoolVar(&t.short, "short", false, "shorten long tests")
	flags.BoolVarP(&t.verbose, "verbose", "v", false, "show what the guests print")
	return cmd
}

func (t *testGo) all(cmd *cobra.Command, packages []string) error {
	var total guest.Count
	failed := false
	for _, name := range packages {
		count, err := t.one(cmd.Context(), name, cmd.OutOrStdout(), cmd.ErrOrStderr())
		switch {
		case errors.Is(err, guest.ErrNoTests):
			fmt.Fprintln(cmd.OutOrStdout(), "?   ", err)
		case errors.Is(err, guest.ErrBadOptions):
			return usagef("%v", err)
		case err != nil:
			fmt.Fprintln(cmd.OutOrStdout(), "FAIL", name+":", err)
			failed = true
		default:
			fmt.Fprintln(cmd.OutOrStdout(), "ok  ", name+":", count)
		}
		total.Add(count)
	}
	fmt.Fprintln(cmd.OutOrStdout(), total)
	if failed {
		return statusError(exitFailure)
	}
	return nil
}

// one builds and runs the tests of a package.
func (t *testGo) one(ctx context.Context, name string, stdout, stderr io.Writer) (guest.Count, error) {
	dir, err := os.MkdirTemp("", "tuco-test-go-")
	if err != nil {
		return guest.Count{}, err
	}
	defer os.RemoveAll(dir)
	kernel := filepath.Join(dir, "test.elf")
	options := guest.Options{Package: name, Output: kernel, Work: guestWork(), Source: besideTool(".."), Strip: true}
	if err := guest.BuildTest(ctx, options); err != nil {
		return guest.Count{}, err
	}
	up := t.up
	up.dom0.domain.Kernel, up.dom0.domain.Args = kernel, t.args()
	if err := up.findFiles(ctx, says(stderr)); err != nil {
		return guest.Count{}, err
	}
	plan, err := host.NewPlan(up.spec, dir, installed())
	if err != nil {
		return guest.Count{}, err
	}
	outcome, err := host.Run(ctx, plan, host.Options{Timeout: up.timeout})
	if err != nil {
		return guest.Count{}, err
	}
	count, ended := guest.Verdicts(outcome.Console)
	if t.verbose {
		fmt.Fprint(stdout, outcome.Console)
	}
	switch {
	case count.Failed == 0 && ended && outcome.End == host.PoweredOff:
		return count, nil
	case !t.verbose:
		fmt.Fprint(stdout, outcome.Console)
	}
	return count, fmt.Errorf("%v: %v", count, outcome)
}

// args is the guest's command line.
func (t *testGo) args() string {
	args := []string{"-test.v"}
	if t.run != "" {
		args = append(args, "-test.run="+t.run)
	}
	if t.skip != "" {
		args = append(args, "-test.skip="+t.skip)
	}
	if t.short {
		args = append(args, "-test.short")
	}
	return strings.Join(args, " ")
}
