// Command tuco boots Tuco hosts in an emulator, and drives those that run.
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
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
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

// A statusError ends the tool with a status; all was said already.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// The groups of commands in the help.
const (
	groupHere    = "here"
	groupRunning = "running"
)

func newRoot(stdin *os.File) *cobra.Command {
	root := &cobra.Command{
		Use:   "tuco",
		Short: "Boot and drive Tuco hosts",
		Long: `Boot and drive Tuco hosts.

Exit status: 0 when what was asked for is done; 1 when it failed, or the host refused it or does not answer; 2 when the tool was called wrongly, or
a file that was named can't be used; 130 after Ctrl-C. tuco up and tuco test have more of them.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return cmd.Help()
		},
	}
	root.AddGroup(&cobra.Group{ID: groupRunning, Title: "On a running host:"}, &cobra.Group{ID: groupHere, Title: "Here:"})
	root.SetHelpCommandGroupID(groupHere)
	root.SetCompletionCommandGroupID(groupHere)
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(newUp(stdin), newDemo(stdin), newProfile(), newISO(), newBundle(), newImage(), newBuild(), newRamdisk(), newTest(), newTestGo(), newBench(), newNew())
	for _, here := range root.Commands() {
		here.GroupID = groupHere
	}
	root.AddCommand(newPS(), newCreate(stdin), newConsole(stdin), newInfo(), newTop(), newSched(), newTrace(), newCapture(), newReports(), newVolume(), newDaemon(), newHosts(), newDown())
	for _, v := range verbs {
		root.AddCommand(newVerb(v))
	}
	withUsage(root)
	return root
}
