package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/debian"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/linux"
)

func newImage() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "image",
		Short: "Get images of guests, and of Xen",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return usagef("image needs to know of what: linux or xen (see tuco image --help)")
		},
	}
	cmd.AddCommand(newImageLinux(), newImageXen())
	return cmd
}

func newImageLinux() *cobra.Command {
	var options linux.Options
	var add []string
	cmd := &cobra.Command{
		Use:   "linux [-o DIR]",
		Short: "Make a kernel and an initramfs of stock Linux",
		Long: `Make DIR/vmlinux, Debian's stock kernel as an ELF file, and DIR/initramfs.cpio: u-root's init, shell and commands, the
kernel's modules for Xen, and a load for tests (guests/linuxload), which tuco.end=… on the kernel's command line starts.
DIR/cmdline has the words that the kernel needs there to be domain 0, and DIR/linux.cfg describes a guest of them; one that is there stays.

It needs apt (not root) and the Go toolchain. What it gets is kept in a directory cache beside this tool; the next time it
only looks whether all is up to date. A newer kernel package is taken when that directory is removed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.Dir == "" {
				options.Dir = besideTool("linux-" + options.Flavour)
			}
			options.Source, options.Cache, options.Says = besideTool(".."), cacheDir(), says(cmd.ErrOrStderr())
			var err error
			if options.Add, err = additions(add); err != nil {
				return err
			}
			image, err := linux.Make(cmd.Context(), options)
			if errors.Is(err, linux.ErrBadOptions) {
				return usagef("%v", err)
			}
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, file := range []struct{ path, what string }{
				{image.Kernel, "Linux " + image.Version}, {image.Initramfs, "u-root's init, shell and commands"},
			} {
				info, err := os.Stat(file.path)
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "%s  %v, %s\n", file.path, host.Size(info.Size()).Up(), file.what)
			}
			cfg, err := linuxConfig(image)
			if err != nil {
				return err
			}
			fmt.Fprintln(out, "boot it as a guest:", host.ShellQuote(toolPath(), "up", cfg))
			if options.Flavour != "cloud" { // which can be none
				fmt.Fprintln(out, "or as domain 0:", host.ShellQuote(toolPath(), "up", "--dom0", image.Kernel, "--dom0-ramdisk", image.Initramfs,
					"--dom0-args", linux.Domain0Args))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Flavour, "flavour", "amd64", "Debian's flavour: amd64, or cloud (smaller, not for domain 0)")
	flags.StringVarP(&options.Dir, "output", "o", "", "directory of the two files (default linux-FLAVOUR beside this tool)")
	flags.StringArrayVar(&add, "add", nil, "FILE[:PATH]: a further file of the initramfs, and its path there (default /bin/FILE)")
	return cmd
}

// linuxConfig makes a guest.cfg beside an image. One that is there already stays as its user wants it.
func linuxConfig(image *linux.Image) (path string, err error) {
	path = filepath.Join(filepath.Dir(image.Kernel), "linux.cfg")
	const text = `# Debian's Linux as a guest, with a shell on its console. A disk and a network: docs/guest-config.md.
name    = "linux"
kernel  = %q
ramdisk = %q
memory  = 256
extra   = "console=hvc0"
`
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(file, text, filepath.Base(image.Kernel), filepath.Base(image.Initramfs))
	return path, errors.Join(err, file.Close())
}

// additions reads the values of --add.
func additions(words []string) (map[string]string, error) {
	files := map[string]string{}
	for _, word := range words {
		file, to, given := strings.Cut(word, ":")
		if !given {
			to = path.Join("bin", filepath.Base(file))
		}
		if file == "" || to == "" {
			return nil, usagef("--add %q: want FILE or FILE:PATH", word)
		}
		files[to] = file
	}
	return files, nil
}

func newImageXen() *cobra.Command {
	return &cobra.Command{
		Use:   "xen",
		Short: "Get Debian's Xen, which tests compare Tuco with",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			xen, err := debianCache(says(cmd.ErrOrStderr())).Xen(cmd.Context())
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), xen)
			}
			return err
		},
	}
}

// cacheDir keeps what was fetched or took long to make.
func cacheDir() string { return besideTool("cache") }

func debianCache(says func(string)) debian.Cache {
	return debian.Cache{Dir: filepath.Join(cacheDir(), "debian"), Says: says}
}

// says tells a user of what takes long.
func says(w io.Writer) func(string) {
	return func(text string) { fmt.Fprintln(w, "tuco:", text) }
}
