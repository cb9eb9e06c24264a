package main

import (
	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
)

func newISO() *cobra.Command {
	var spec host.ISOSpec
	cmd := &cobra.Command{
		Use:   "iso -o FILE",
		Short: "Make a bootable CD image of the hypervisor",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if spec.Output == "" {
				return usagef("iso needs -o FILE")
			}
			if spec.Image == "" {
				spec.Image = besideTool("tuco.elf")
			}
			return host.MakeISO(cmd.Context(), spec, installed())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&spec.Output, "output", "o", "", "the ISO to write")
	flags.StringVar(&spec.Image, "image", "", "the hypervisor (default tuco.elf beside this tool)")
	flags.StringVar(&spec.Bundle, "bundle", "", "boot bundle (newc cpio), passed as the one module")
	flags.StringVar(&spec.Append, "append", "", "the hypervisor's command line")
	return cmd
}
