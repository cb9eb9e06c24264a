package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/guest"
	"tuco/tools/tuco/host"
)

func newBuild() *cobra.Command {
	var options guest.Options
	cmd := &cobra.Command{
		Use:   "build PACKAGE [-o FILE]",
		Short: "Build a Go program as a guest",
		Long: `Build a Go program as a paravirtual guest: an ELF file that Tuco and Xen boot.

PACKAGE is a package main as the go command names it, in a module that can import tuco/guestlib. It is built by the stock
toolchain with its whole runtime; the runtime's system calls become calls of the guest library.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("build: got %d packages, want one package main", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			options.Package, options.Work, options.Source = args[0], guestWork(), besideTool("..")
			if options.Output == "" {
				options.Output = path.Base(args[0]) + ".elf"
			}
			err := guest.Build(cmd.Context(), options)
			if errors.Is(err, guest.ErrBadOptions) {
				return usagef("%v", err)
			}
			if err != nil {
				return err
			}
			info, err := os.Stat(options.Output)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %v\n", options.Output, host.Size(info.Size()).Up())
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&options.Output, "output", "o", "", "the file to write (default the package's name and .elf)")
	flags.BoolVar(&options.Strip, "strip", false, "leave out symbols and debugging information")
	return cmd
}

// guestWork keeps what is made on the way to a guest. Its name is one that ./... passes over.
func guestWork() string { return besideTool(filepath.Join("obj", "_guest")) }
