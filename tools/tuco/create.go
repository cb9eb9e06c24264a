package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/control/config"
	"tuco/control/pack"
	"tuco/tools/tuco/client"
)

func newCreate(stdin *os.File) *cobra.Command {
	var r remote
	var console bool
	var guests []readGuest
	cmd := r.on(&cobra.Command{
		Use:   "create FILE.cfg…",
		Short: "Make guests of guest.cfg files on a running host",
		Long: `Make guests of files with the keys of xl.cfg on a running host, and start them.

The kernels and ramdisks that they name, relative to the file's own directory, are sent to the host; a bzImage is unpacked before that, a kernel's symbols
are left out, and large files are compressed. All that is wrong with the files is said before anything is sent.`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"cfg"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		made, err := r.create(cmd, c, guests)
		if err != nil || !console {
			return err
		}
		return attach(cmd, c, made[0].Name, stdin)
	})
	cmd.Flags().BoolVarP(&console, "console", "c", false, "and stay on the guest's console")
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) (err error) {
		if console && (len(args) > 1 || r.json) {
			return usagef("--console is for one guest, and not for --json")
		}
		if err := check(cmd, args); err != nil {
			return err
		}
		guests, err = readGuests(args)
		return err
	}
	return cmd
}

// create makes guests one after the other, until one fails.
func (r *remote) create(cmd *cobra.Command, c *client.Client, guests []readGuest) (made []wire.Domain, err error) {
	made = []wire.Domain{}
	for _, g := range guests {
		tell, done := bar(cmd, g.config.Name)
		d, bad := g.create(cmd.Context(), c, tell)
		done()
		if err = bad; err != nil {
			err = fmt.Errorf("%s: %w", g.file, err)
			break
		}
		made = append(made, d)
	}
	return made, errors.Join(r.show(cmd, made, func(w io.Writer) {
		for _, d := range made {
			row(w, fmt.Sprintf("%s: %s, domain %d", d.Name, d.State, d.Domain))
		}
	}), err)
}

// readGuest is a guest.cfg that was read, with its files.
type readGuest struct {
	file   string
	config *config.Guest
	files  guestFiles
}

// readGuests reads guest.cfg files. All that is wrong with them, and with the files that they name, is in the error.
func readGuests(names []string) (guests []readGuest, err error) {
	from, reader := map[string]string{}, newFileReader()
	for _, name := range names {
		text, bad := os.ReadFile(name)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		g, at, bad := (&config.Language{}).Parse(name, text)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		if other, twice := from[g.Name]; twice {
			err = errors.Join(err, at.Errorf("name", -1, "%s has a guest %q already; give this one another name", other, g.Name))
		}
		from[g.Name] = name
		files, bad := reader.read(name, g, at)
		if bad != nil {
			err = errors.Join(err, bad)
		}
		guests = append(guests, readGuest{name, g, files})
	}
	if err != nil {
		return nil, usagef("%v", err)
	}
	return guests, nil
}

// openFile opens a file that is to be sent.
func openFile(name string) (client.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return client.File{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file that could be sent", name)
	}
	if err != nil {
		f.Close()
		return client.File{}, err
	}
	return client.File{Name: name, Content: f, Size: info.Size()}, nil
}

// sentLoose is the most bytes that a file has that is sent as it is.
const sentLoose = 4 << 20

func (g *readGuest) create(ctx context.Context, c *client.Client, tell client.Progress) (wire.Domain, error) {
	guest := client.Guest{Config: g.config.File(), Kernel: inMemory(g.files.kernelPath, g.files.kernel)}
	if g.config.Ramdisk != "" {
		ramdisk := inMemory(g.files.ramdiskPath, g.files.ramdisk)
		guest.Ramdisk = &ramdisk
	}
	return c.Create(ctx, guest, tell)
}

// inMemory is a file that is sent: packed if it is large, so that it comes sooner and takes less there.
func inMemory(name string, content []byte) client.File {
	if len(content) > sentLoose {
		content = pack.Pack(content)
	}
	return client.File{Name: name, Content: bytes.NewReader(content), Size: int64(len(content))}
}
