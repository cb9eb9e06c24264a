// Command tuco boots Tuco hosts in an emulator.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
)

// Exit statuses of the tool, besides those that a run's outcome gives.
const (
	exitFailure   = 1
	exitUsage     = 2
	exitInterrupt = 130 // as a shell reports a program ended by SIGINT
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(args []string, stdin *os.File, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	root := newRoot(stdin)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var status statusError
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintf(stderr, "tuco: %v\n", err)
	switch {
	case errors.Is(err, host.ErrBadSpec), errors.Is(err, errUsage):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupt
	}
	return exitFailure
}

// errUsage marks an error about how the tool was called.
var errUsage = errors.New("wrong usage")

type usageError struct{ text string }

func (e *usageError) Error() string        { return e.text }
func (e *usageError) Is(target error) bool { return target == errUsage }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// A statusError ends the tool with a status; all was said already.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func newRoot(stdin *os.File) *cobra.Command {
	root := &cobra.Command{
		Use:           "tuco",
		Short:         "Boot and drive Tuco hosts",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return cmd.Help()
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v (see tuco %s --help)", err, cmd.Name())
	})
	root.AddCommand(newUp(stdin), newProfile(), newISO(), newBundle(), newImage(), newBuild(), newRamdisk(), newTest(), newTestGo(), newBench(), newNew())
	withUsage(root)
	return root
}

// withUsage marks what cobra reports as plain errors: an unknown command, a wrong count of arguments.
func withUsage(cmd *cobra.Command) {
	cmd.Args = asUsage(cmd.Args)
	for _, sub := range cmd.Commands() {
		withUsage(sub)
	}
}

func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%v", err)
		}
		return nil
	}
}
