package main

import (
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tuco/control/bzimage"
	"tuco/tools/tuco/host"
)

// dom0Flags are the flags that describe domain 0.
type dom0Flags struct {
	domain host.Domain0
	memory string
}

func (d *dom0Flags) add(flags *pflag.FlagSet) {
	flags.StringVar(&d.domain.Kernel, "dom0", "", "kernel of domain 0: an ELF file with Xen notes, or a bzImage")
	flags.StringVar(&d.domain.Args, "dom0-args", "", "domain 0's command line")
	flags.StringVar(&d.domain.Ramdisk, "dom0-ramdisk", "", "domain 0's ramdisk")
	flags.StringVar(&d.memory, "dom0-memory", "", "domain 0's memory (default all that the hypervisor and the files leave)")
	flags.IntVar(&d.domain.VCPUs, "dom0-vcpus", 0, "domain 0's vCPUs (default as many as CPUs)")
}

// check reads and checks the flags' values.
func (d *dom0Flags) check(flags *pflag.FlagSet) (err error) {
	for _, flag := range []string{"dom0-args", "dom0-ramdisk", "dom0-memory", "dom0-vcpus"} {
		if d.domain.Kernel == "" && flags.Changed(flag) {
			return usagef("--%s needs --dom0 KERNEL", flag)
		}
	}
	if d.memory != "" {
		if d.domain.Memory, err = host.ParseSize(d.memory); err != nil {
			return usagef("--dom0-memory: %v", err)
		}
		if d.domain.Memory == 0 {
			return usagef("--dom0-memory %s: want more", d.memory)
		}
	}
	if flags.Changed("dom0-vcpus") && d.domain.VCPUs < 1 {
		return usagef("--dom0-vcpus %d: want at least 1", d.domain.VCPUs)
	}
	return nil
}

// unpack finds the kernel, which may have to be unpacked first.
func (d *dom0Flags) unpack() (err error) {
	if d.domain.Kernel, err = bzimage.UnpackFile(d.domain.Kernel, filepath.Join(cacheDir(), "kernels")); err != nil {
		return usagef("--dom0: %v", err)
	}
	return nil
}

func newBundle() *cobra.Command {
	var d dom0Flags
	var output string
	cmd := &cobra.Command{
		Use:   "bundle -o FILE --dom0 KERNEL --dom0-memory SIZE",
		Short: "Make a boot bundle with a kernel as domain 0",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" || d.domain.Kernel == "" || d.memory == "" {
				return usagef("bundle needs -o FILE, --dom0 KERNEL and --dom0-memory SIZE")
			}
			if err := d.check(cmd.Flags()); err != nil {
				return err
			}
			if err := d.unpack(); err != nil {
				return err
			}
			d.domain.VCPUs = max(d.domain.VCPUs, 1)
			return d.domain.WriteBundle(output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the bundle to write")
	d.add(cmd.Flags())
	return cmd
}
