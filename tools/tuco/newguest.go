package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/scaffold"
)

func newNew() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Begin a new project",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "guest NAME",
		Short: "Make a directory with a Go program that is a guest",
		Long: `Make a directory NAME with the Go module of a guest: a program, tests of it, a guest.cfg, and a README that tells how to build and boot it.

The module may be anywhere. Its go.mod points at the source tree that this tool was built in, so nothing is fetched.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("new guest: got %d names, want one", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			g := scaffold.Guest{Name: args[0], Dir: args[0], Source: besideTool(".."), Tool: toolPath()}
			if err := g.Make(); errors.Is(err, scaffold.ErrBadArgument) {
				return usagef("new guest: %v", err)
			} else if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s/README.md tells how to build it and boot it\n", g.Name, g.Dir)
			return nil
		},
	})
	return cmd
}
