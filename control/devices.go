package main

import (
	"fmt"
	"log/slog"

	"tuco/control/config"
	"tuco/control/machine"
	"tuco/control/pci"
	"tuco/control/virtio"
	"tuco/control/virtio/disk"
)

// devices is the machine's own.
type devices struct {
	own    config.Guest // what of the machine they answer at
	memory machine.Memory
	lines  machine.Lines
	found  []*pci.Device
	log    *slog.Logger
}

func findDevices(log *slog.Logger) *devices {
	d := &devices{found: pci.Scan(machine.Space()), log: log}
	for _, f := range d.found {
		if virtio.KindOf(f) != 0 {
			d.keep(f)
		}
	}
	return d
}

// keep notes what a device answers at, for no guest to be given. The device is idle.
func (d *devices) keep(f *pci.Device) {
	for number := 0; number < pci.Regions; number++ {
		r, err := f.Region(number)
		if err != nil {
			continue // it has none of this number, or one that answers nowhere
		}
		if r.Wide {
			number++
		}
		const shift = 12
		if first, last := r.Address, r.Address+r.Size-1; r.Ports {
			d.own.IOPorts = append(d.own.IOPorts, config.Ports{First: uint16(first), Last: uint16(last)})
		} else {
			d.own.IOMemory = append(d.own.IOMemory, config.Frames{First: first >> shift, Count: last>>shift - first>>shift + 1})
		}
	}
}

// first is the first device of a kind of virtio's, or nil.
func (d *devices) first(kind int) *pci.Device {
	for _, f := range d.found {
		if virtio.KindOf(f) == kind {
			return f
		}
	}
	return nil
}

// transport reaches a device, which interrupts by a message where it can.
func (d *devices) transport(f *pci.Device) (virtio.Transport, error) {
	t, err := virtio.OverPCI(f, machine.Mapper{})
	if err != nil {
		return nil, err
	}
	if err := d.lines.ByMessage(f, t); err != nil {
		d.log.Info("a device interrupts by its line", "device", f.Function.String(), "reason", err)
	}
	return t, nil
}

// disk is the host's first disk; nil if it has none.
func (d *devices) disk() (*disk.Disk, error) {
	f := d.first(virtio.KindBlock)
	if f == nil {
		return nil, nil
	}
	t, err := d.transport(f)
	if err != nil {
		return nil, err
	}
	opened, err := disk.Open(t, &d.memory)
	if err != nil {
		return nil, fmt.Errorf("the host's disk, %v: %w", f, err)
	}
	return opened, d.lines.ServeQueues(f, t, opened.Interrupted)
}
