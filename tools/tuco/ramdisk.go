package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

func newRamdisk() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "ramdisk [AT=]PATH… -o FILE",
		Short: "Pack files for a guest into a ramdisk",
		Long: `Pack files and directories into a ramdisk, which a Go program that is a guest finds as its file system:

    tuco ramdisk testdata /etc/hosts=hosts.txt -o files.cpio
    tuco up --dom0 guest.elf --dom0-ramdisk files.cpio

What is in a directory appears in the guest's root directory, or at the path AT, if one is given; a file appears by its name.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || output == "" {
				return usagef("ramdisk: wants paths to pack, and a file to write with -o")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r := ramdisk.Ramdisk{}
			for _, arg := range args {
				at, from, given := strings.Cut(arg, "=")
				if !given {
					at, from = "/", arg
				}
				info, err := os.Stat(from)
				if err != nil {
					return usagef("ramdisk: %v", err)
				}
				if !given && !info.IsDir() {
					at = info.Name()
				}
				if err := r.Add(from, at, nil); err != nil {
					return err
				}
			}
			if err := r.Write(output); err != nil {
				return err
			}
			info, err := os.Stat(output)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %v\n", output, host.Size(info.Size()).Up())
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write")
	return cmd
}
