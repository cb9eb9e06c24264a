package main

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/progress"
)

func newVolume() *cobra.Command {
	return family("volume", "Make, copy and delete guests' disks", newVolumeList(), newVolumeCreate(), newVolumeImport(), newVolumeExport(), newVolumeSnapshot(),
		newVolumeClone(), newVolumeDelete())
}

func newVolumeList() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the volumes and snapshots",
		Args:    cobra.NoArgs,
	}, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		all, err := c.Volumes(cmd.Context())
		if err != nil {
			return err
		}
		return r.show(cmd, all, func(w io.Writer) {
			row(w, "NAME", "SIZE", "ON DISK", "SHARED", "CREATED", "")
			for _, v := range all.Volumes {
				row(w, v.Name, progress.Bytes(v.Size), progress.Bytes(v.Allocated), progress.Bytes(v.Shared), v.Created.UTC().Format("2006-01-02 15:04"), use(v))
			}
			row(w, "", progress.Bytes(all.Space.Size), progress.Bytes(all.Space.Free)+" free")
		})
	})
}

// use says who may do what with a volume.
func use(v wire.Volume) string {
	var words []string
	if v.ReadOnly {
		words = append(words, "read only")
	}
	if v.Open {
		words = append(words, "in use")
	}
	return strings.Join(words, ", ")
}

func newVolumeCreate() *cobra.Command {
	var r remote
	var size int64
	cmd := r.on(&cobra.Command{
		Use:   "create NAME SIZE",
		Short: "Make an empty volume, of a size such as 512M or 8G",
		Long:  "Make an empty volume. It takes room on the host's disk only where it is written.",
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		v, err := c.CreateVolume(cmd.Context(), args[0], size)
		return r.made(cmd, v, err)
	})
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(2)(cmd, args); err != nil {
			return err
		}
		n, err := host.ParseSize(args[1])
		if err != nil || n == 0 || int64(n) < 0 {
			return usagef("volume create: %q is no size: want one such as 512M or 8G", args[1])
		}
		size = int64(n)
		return nil
	}
	return cmd
}

// made shows a volume that was made.
func (r *remote) made(cmd *cobra.Command, v wire.Volume, err error) error {
	if err != nil {
		return err
	}
	return r.show(cmd, v, func(w io.Writer) { row(w, v.Name+": "+progress.Bytes(v.Size)) })
}

func newVolumeSnapshot() *cobra.Command {
	var r remote
	var volume, name string
	cmd := r.on(&cobra.Command{
		Use:   "snapshot VOLUME@SNAPSHOT",
		Short: "Keep what a volume has now, at once, whatever its size",

		ValidArgsFunction: r.complete(volumeNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		v, err := c.Snapshot(cmd.Context(), volume, name)
		return r.made(cmd, v, meant(cmd.Context(), c, err, volume, volumeNames))
	})
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			volume, name, _ = strings.Cut(args[0], "@")
		}
		if volume == "" || name == "" {
			return usagef("volume snapshot: want VOLUME@SNAPSHOT, such as web@monday")
		}
		return nil
	}
	return cmd
}

func newVolumeClone() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:   "clone VOLUME[@SNAPSHOT] NAME",
		Short: "Make a volume with what another one or a snapshot has",
		Long:  "Make a volume with what another one or a snapshot has, at once, whatever its size. The two share on the disk what neither writes.",
		Args:  cobra.ExactArgs(2),

		ValidArgsFunction: r.complete(volumeNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		v, err := c.CloneVolume(cmd.Context(), args[0], args[1])
		return r.made(cmd, v, meant(cmd.Context(), c, err, args[0], volumeNames))
	})
}

func newVolumeDelete() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:     "delete NAME…",
		Aliases: []string{"rm"},
		Short:   "Delete volumes or snapshots, with what is in them",
		Args:    cobra.MinimumNArgs(1),

		ValidArgsFunction: r.complete(volumeNames, -1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		return r.each(cmd, args, "deleted", func(name string) error {
			return meant(cmd.Context(), c, c.DeleteVolume(cmd.Context(), name), name, volumeNames)
		})
	})
}

func newVolumeImport() *cobra.Command {
	var r remote
	var format string
	cmd := r.on(&cobra.Command{
		Use:   "import FILE NAME",
		Short: "Make a volume of an image, raw or qcow2",
		Args:  cobra.ExactArgs(2),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		return r.importImage(cmd, c, args[0], args[1], format)
	})
	cmd.Flags().StringVar(&format, "format", "", "raw or qcow2 (default: what the file's first bytes say)")
	checkFormat(cmd, &format)
	return cmd
}

func (r *remote) importImage(cmd *cobra.Command, c *client.Client, file, name, format string) error {
	image, err := openFile(file)
	if err != nil {
		return usagef("volume import: %v", err)
	}
	defer image.Content.(io.Closer).Close()
	if image.Size == 0 {
		return usagef("volume import: %s is empty: tuco volume create %s SIZE makes a volume with nothing in it", file, name)
	}
	if format == "" {
		if format, err = formatOf(image); err != nil {
			return err
		}
	}
	tell, done := bar(cmd, name)
	v, err := c.Import(cmd.Context(), name, format, image, tell)
	done()
	return r.made(cmd, v, err)
}

// foreign are how images of other formats begin. What would be taken for raw, they are not.
var foreign = []struct{ magic, format string }{
	{"KDMV", "VMDK"}, {"# Disk DescriptorFile", "VMDK"}, {"<<< ", "VDI"}, {"vhdxfile", "VHDX"}, {"conectix", "VHD"}, {"QED\x00", "QED"},
}

// formatOf is the format of an image: qcow2 where it begins as one does. One of another format is refused.
func formatOf(image client.File) (string, error) {
	const magic = "QFI\xfb"
	begin := make([]byte, 32)
	n, err := image.Content.(io.ReaderAt).ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	if bytes.HasPrefix(begin[:n], []byte(magic)) {
		return wire.FormatQCOW2, nil
	}
	for _, f := range foreign {
		if bytes.HasPrefix(begin[:n], []byte(f.magic)) {
			return "", usagef("volume import: %s is a %s image: qemu-img convert -O qcow2 %[1]s NEW.qcow2 makes one that can be imported; --format raw takes it as it is", image.Name, f.format)
		}
	}
	return wire.FormatRaw, nil
}

func newVolumeExport() *cobra.Command {
	var r remote
	var format string
	cmd := r.on(&cobra.Command{
		Use:   "export NAME FILE",
		Short: "Write a volume to an image, raw or qcow2; FILE may be -",
		Args:  cobra.ExactArgs(2),

		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return r.complete(volumeNames, 1)(cmd, args, typed)
		},
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		return r.export(cmd, c, args[0], args[1], format)
	})
	cmd.Flags().StringVar(&format, "format", "", "raw or qcow2 (default: qcow2 if FILE ends in .qcow2, else raw)")
	checkFormat(cmd, &format)
	return cmd
}

// exported is what an export has written.
type exported struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
}

func (r *remote) export(cmd *cobra.Command, c *client.Client, name, file, format string) error {
	if format == "" {
		format = wire.FormatRaw
		if strings.HasSuffix(file, ".qcow2") {
			format = wire.FormatQCOW2
		}
	}
	tell, done := bar(cmd, name)
	fill := func(ctx context.Context, to io.Writer) error {
		defer done()
		return meant(ctx, c, c.Export(ctx, name, format, to, tell), name, volumeNames)
	}
	if file == "-" {
		return fill(cmd.Context(), cmd.OutOrStdout())
	}
	n, err := writeImage(file, func(to io.Writer) error { return fill(cmd.Context(), to) })
	if err != nil {
		return err
	}
	return r.show(cmd, exported{name, file, format, n}, func(w io.Writer) { row(w, file+": "+progress.Bytes(n)+", "+format) })
}

// checkFormat refuses a format that there is not.
func checkFormat(cmd *cobra.Command, format *string) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch *format {
		case "", wire.FormatRaw, wire.FormatQCOW2:
			return check(cmd, args)
		}
		return usagef("--format %s: want raw or qcow2", *format)
	}
}
