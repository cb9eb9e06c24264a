// Command hostile is a control domain that does to its guests what a back end must not: its disks and networks answer what nobody asked, say what they are in ways that
// can't be, come and go as they like, and send events without end; its store and its consoles move indices to where they can't be. The guests, guests/wary, have to end well, to name
// the device that misbehaves, and to use their other devices all the while. Where one does not, the program tells and fails.
//
// Its ramdisk has the guests' kernel, /wary.elf.
package main

import (
	"fmt"
	"log/slog"
	"os"

	"tuco/control/hypervisor"
	"tuco/guestlib/hostctl"
)

func main() {
	err := run()
	if err != nil {
		fmt.Println("hostile: failed:", err)
		os.Exit(1)
	}
	fmt.Println("hostile: ok")
}

// machine is what the trials have in common.
type machine struct {
	host     *hostctl.Host
	kernel   []byte
	features uint64
	log      *slog.Logger
}

func run() (err error) {
	m := &machine{log: slog.New(slog.DiscardHandler)}
	if m.host, err = hostctl.Open(); err != nil {
		return err
	}
	if m.kernel, err = os.ReadFile("/wary.elf"); err != nil {
		return err
	}
	if m.features, err = hypervisor.Features(); err != nil {
		return err
	}
	for _, trial := range []struct {
		name string
		do   func() error
	}{{"devices", m.devices}, {"the store", m.stores}, {"the console", m.consoles}} {
		if err := trial.do(); err != nil {
			return fmt.Errorf("%s: %w", trial.name, err)
		}
	}
	return nil
}
