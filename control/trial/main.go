// Command trial tries the control domain's drivers on the machine that it runs on, as domain 0: it says what is on the PCI buses, writes to the first disk and
// reads that again, has the first network device ask who has 10.0.2.2, which in QEMU's network somebody has, and takes random numbers.
//
// What is on the disk is lost. With the word lines, devices interrupt by their lines and not by messages.
//
// With the word serve it then answers HTTP over the second serial port: what is sent to /echo comes back, and a request of /quit ends it.
package main

import (
	"fmt"
	"os"
	"slices"

	"tuco/control/machine"
	"tuco/control/pci"
	"tuco/control/virtio"
)

// host is what the drivers stand on.
type host struct {
	memory machine.Memory
	lines  machine.Lines
}

// transport reaches a device, and has it interrupt by a message if it can.
func (h *host) transport(d *pci.Device) (virtio.Transport, error) {
	t, err := virtio.OverPCI(d, machine.Mapper{})
	if err != nil {
		return nil, err
	}
	if slices.Contains(os.Args, "lines") {
		return t, nil
	}
	if err := h.lines.ByMessage(d, t); err != nil {
		fmt.Printf("trial: %v: interrupts by its line: %v\n", d.Function, err)
	} else {
		fmt.Printf("trial: %v: interrupts by a message\n", d.Function)
	}
	return t, nil
}

func main() {
	h := &host{}
	trials := map[int]func(*pci.Device) error{virtio.KindBlock: h.disk, virtio.KindNet: h.network, virtio.KindRNG: h.random}
	failed := false
	for _, d := range pci.Scan(machine.Space()) {
		fmt.Println("trial:", d)
		try := trials[virtio.KindOf(d)]
		if try == nil {
			continue
		}
		if err := try(d); err != nil {
			fmt.Printf("trial: %v: %v\n", d.Function, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
	for _, word := range os.Args[1:] {
		if word == "lines" {
			continue // see transport
		}
		if word != "serve" {
			fmt.Printf("trial: %q is nothing that I know\n", word)
			os.Exit(2)
		}
		if err := h.serial(); err != nil {
			fmt.Println("trial: serial port:", err)
			os.Exit(1)
		}
	}
	fmt.Println("trial: ok")
}
