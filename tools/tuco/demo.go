package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
)

// A demo is a host with guests, and who shows it.
type demo struct {
	up     upFlags
	port   int
	guests string // directory of their guest.cfg files
}

// What the demo's host has.
const (
	demoCPUs   = 2
	demoMemory = "1G"
	demoDisk   = host.GiB // of which only what is written takes room
	demoVolume = "web=64M"
	demoPort   = 8080
)

// demoGuests are the guest.cfg files below examples/demo, in the order in which the guests are started.
var demoGuests = []string{"web", "asker", "linux"}

func newDemo(stdin *os.File) *cobra.Command {
	d := demo{
		up: upFlags{
			memory: demoMemory, spec: host.Spec{Emulator: host.QEMU, CPUs: demoCPUs}, manage: manageFlags{address: anyAddress},
		},
		guests: besideTool(filepath.Join("..", "examples", "demo")),
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Boot a host with three guests, and show it",
		Long: `Boot a host in QEMU with three guests: a web server in Go, whose files are on a disk of its own, another Go program that asks it for its page, and
Debian's Linux with a shell. The web server is reached by a port of this machine's.

The terminal is the control domain's console, and Ctrl-] there ends the host. Without a terminal the host runs until a signal ends it, with exit status 0; what
standard input has is typed on that console, and its end ends nothing. The host's disk stays, with the web server's files on it: remove it to begin anew.

make run builds what this needs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.run(cmd, stdin)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&d.port, "port", 0, "port of the web server here (default 8080, or the next that is free)")
	flags.StringVar(&d.up.devices.disk, "disk", "", "the host's disk (default demo/disk beside this tool)")
	flags.StringVar(&d.up.logDir, "log-dir", "", "directory of the logs (default demo beside this tool)")
	flags.DurationVar(&d.up.timeout, "timeout", 0, "end the host after this time, such as 30s (default none)")
	return cmd
}

func (d *demo) run(cmd *cobra.Command, stdin *os.File) (err error) {
	f := d.up
	if f.logDir == "" {
		f.logDir = besideTool("demo")
	}
	if f.devices.disk == "" {
		f.devices.disk = besideTool(filepath.Join("demo", "disk"))
	}
	if err := makeSparse(f.devices.disk, demoDisk); err != nil {
		return usagef("--disk: %v", err)
	}
	port, err := freePort(d.port)
	if err != nil {
		return usagef("--port: %v", err)
	}
	f.devices.volumes = []string{demoVolume}
	f.devices.forwards = []string{fmt.Sprintf("%d:web:80", port)}
	var guests []string
	for _, name := range demoGuests {
		guests = append(guests, filepath.Join(d.guests, name+".cfg"))
	}
	// A signal is how the demo ends where there is no terminal, and no failure.
	ctx, end := context.WithCancelCause(context.WithoutCancel(cmd.Context()))
	defer end(nil)
	defer context.AfterFunc(cmd.Context(), func() { end(host.ErrQuit) })()
	cmd.SetContext(ctx)
	g := &guide{url: fmt.Sprintf("http://127.0.0.1:%d/", port), disk: f.devices.disk, logs: f.logDir}
	f.shows = g.before
	f.started = func(int) { go g.ask(ctx, time.Now()) }
	return up(cmd, f, guests, stdin)
}

// makeSparse makes a file of zeroes if there is none.
func makeSparse(path string, size host.Size) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(int64(size)), file.Close())
}

// freePort finds a port for the web server: the one that is asked for; else the usual one, one of the next, or any.
func freePort(asked int) (int, error) {
	if asked < 0 || asked > 65535 {
		return 0, fmt.Errorf("%d: want 1 to 65535", asked)
	}
	tries := []int{asked}
	if asked == 0 {
		tries = nil
		for p := range 20 {
			tries = append(tries, demoPort+p)
		}
		tries = append(tries, 0)
	}
	var err error
	for _, p := range tries {
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p))); err == nil {
			p = l.Addr().(*net.TCPAddr).Port
			return p, l.Close()
		}
	}
	return 0, err
}
