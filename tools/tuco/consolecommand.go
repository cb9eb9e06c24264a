package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/client"
	"tuco/tools/tuco/host"
)

func newConsole(stdin *os.File) *cobra.Command {
	var r remote
	var history bool
	cmd := r.on(&cobra.Command{
		Use:   "console NAME",
		Short: "Show a guest's console, and type on it",
		Long: `Show what a guest has written last on its console and what it writes from now on, and type on it, until Ctrl-] or the guest's end.

If the input is no terminal it is typed as it is, and the output goes on after its end. With --history or --json only what was written last is
shown.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.complete(guestNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		if !history && !r.json {
			return attach(cmd, c, args[0], stdin)
		}
		text, err := c.History(cmd.Context(), args[0])
		if err != nil {
			return meant(cmd.Context(), c, err, args[0], guestNames)
		}
		if r.json {
			return r.show(cmd, consoleText{args[0], string(text)}, nil)
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	})
	cmd.Flags().BoolVar(&history, "history", false, "show what was written last, and leave")
	return cmd
}

// consoleText is what a guest has written last.
type consoleText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// attach joins the terminal and a guest's console.
func attach(cmd *cobra.Command, c *client.Client, name string, stdin *os.File) error {
	ctx, leave := context.WithCancel(cmd.Context())
	defer leave()
	console, err := c.Console(ctx, name)
	if err != nil {
		return meant(ctx, c, err, name, guestNames)
	}
	defer console.Close()
	// The connection is no longer the context's: closing it ends the copying below.
	defer context.AfterFunc(ctx, func() { console.Close() })()
	var from io.Reader = stdin
	if host.IsTerminal(stdin) {
		restore, err := host.SetRaw(stdin, false)
		if err != nil {
			return err
		}
		defer restore()
		fmt.Fprintf(cmd.ErrOrStderr(), "tuco: this is the console of %s; Ctrl-] leaves it\r\n", name)
		from = &escapeReader{from: stdin, keys: string([]byte{ctrlRightBracket}), quit: leave}
	}
	typed := make(chan error, 1)
	go func() {
		_, err := io.Copy(console, from)
		typed <- err
	}()
	_, err = io.Copy(cmd.OutOrStdout(), console)
	switch {
	case cmd.Context().Err() != nil:
		return cmd.Context().Err()
	case ctx.Err() != nil:
		fmt.Fprint(cmd.ErrOrStderr(), "\r\ntuco: left the console; the guest goes on\r\n")
		return nil
	case err != nil && !errors.Is(err, net.ErrClosed):
		return fmt.Errorf("console of %s: %w", name, err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "tuco: the console of %s has ended\r\n", name)
	return nil
}
