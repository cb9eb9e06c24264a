package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/client"
	"tuco/tools/tuco/progress"
)

func newCapture() *cobra.Command {
	var r remote
	var number int
	var long time.Duration
	cmd := r.on(&cobra.Command{
		Use:   "capture NAME FILE",
		Short: "Write what passes a guest's network interface to a file, for tcpdump and Wireshark",
		Long: `Write the frames that pass a guest's network interface, in both directions, to a file of pcap; FILE may be -. It goes on until Ctrl-C, the end of --for, or the guest's
end. What is read too slowly is lost. Segments that are still to be cut are one frame, and checksums that nobody has computed are called wrong by Wireshark.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if number < 0 || long < 0 {
				return usagef("capture: want --interface and --for not below 0")
			}
			return cobra.ExactArgs(2)(cmd, args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return r.complete(guestNames, 1)(cmd, args, typed)
		},
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		ctx := cmd.Context()
		if long > 0 {
			limited, stop := context.WithTimeout(ctx, long)
			defer stop()
			ctx = limited
		}
		return r.capture(ctx, cmd, c, args[0], number, args[1])
	})
	cmd.Flags().IntVar(&number, "interface", 0, "the interface's number; the first is 0")
	cmd.Flags().DurationVar(&long, "for", 0, "end after this time, such as 10s (default: never)")
	return cmd
}

// captured is what a capture has written.
type captured struct {
	Name  string `json:"name"`
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// capture writes to a file, which is made when the host has begun to send.
func (r *remote) capture(ctx context.Context, cmd *cobra.Command, c *client.Client, name string, number int, file string) error {
	if file == "-" {
		return meant(cmd.Context(), c, c.Capture(ctx, name, number, cmd.OutOrStdout()), name, guestNames)
	}
	to := &late{name: file}
	err := meant(cmd.Context(), c, c.Capture(ctx, name, number, to), name, guestNames)
	if err = errors.Join(err, to.Close()); err != nil || cmd.Context().Err() != nil {
		return err
	}
	return r.show(cmd, captured{name, file, to.bytes}, func(w io.Writer) { row(w, file+": "+progress.Bytes(to.bytes)) })
}

// late is a file that is made with the first bytes for it.
type late struct {
	name  string
	file  *os.File
	out   *bufio.Writer
	bytes int64
}

func (l *late) Write(p []byte) (int, error) {
	if l.file == nil {
		f, err := os.Create(l.name)
		if err != nil {
			return 0, usagef("%v", err)
		}
		l.file, l.out = f, bufio.NewWriter(f)
	}
	n, err := l.out.Write(p)
	l.bytes += int64(n)
	return n, err
}

// Close writes what is left.
func (l *late) Close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.out.Flush(), l.file.Close())
}
