package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

// The programs that measure devices and the store. Make builds them.
const (
	deviceGuest  = "programs/iobench.elf"
	storeGuest   = "programs/storebench.elf"
	controlImage = "control.elf"
)

// devicesWord chooses the rows of devices and of the store.
const devicesWord = "devices"

// devices measures what devices cost with the control domain's back ends, and the store with few domains' nodes in it and many, with the stub and without it.
func (b *bencher) devices(ctx context.Context) error {
	var tables [2]bench.Table
	for i, stub := range [...]string{"on", "off"} {
		spec := host.Spec{ICount: true, Append: "counts stub=" + stub} // without counts, guests may not know how long the CPU was idle
		var err error
		if spec.Dom0, err = b.measuredHost(); err != nil {
			return err
		}
		guests, err := b.deviceTable(ctx, "devices-stub-"+stub, spec, measuringGuest)
		if err != nil {
			return err
		}
		spec.Dom0 = &host.Domain0{Kernel: filepath.Join(b.built, storeGuest), Memory: storeMemory}
		store, err := b.deviceTable(ctx, "store-stub-"+stub, spec, "")
		if err != nil {
			return err
		}
		tables[i] = append(guests, store...)
	}
	return b.report.JoinDevices(tables[0], tables[1])
}

// deviceTable boots a host and reads the table that a guest has printed, or domain 0.
func (b *bencher) deviceTable(ctx context.Context, name string, spec host.Spec, guest string) (bench.Table, error) {
	outcome, err := b.boot(ctx, name, spec, host.Options{})
	if err != nil {
		return nil, err
	}
	table, err := bench.Parse(bench.ConsoleOf(guest, outcome.Console))
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, outcome.ConsolePath, err)
	}
	return table, nil
}

// What the host has: a disk in the control domain's memory, and a network of two guests and the gateway.
const (
	measuringGuest = "bench"
	measuringCfg   = `name = "bench"
memory = 64
kernel = "iobench.elf"
extra  = "disk store address=10.77.0.11 ping=10.77.0.1 send=10.77.0.12"
disk   = ["vol:data,xvda,w"]
vif    = ["ip=10.77.0.11"]
`
	answeringCfg = `name = "answer"
memory = 64
kernel = "iobench.elf"
extra  = "answer address=10.77.0.12"
vif    = ["ip=10.77.0.12"]
`
	volumeWords = "volume=data:8"

	controlMemoryThere = 96 * host.MiB
	storeMemory        = 96 * host.MiB
)

// measuredHost is a control domain with the guests that measure devices.
func (b *bencher) measuredHost() (*host.Domain0, error) {
	files := ramdisk.Ramdisk{}
	if err := files.Add(filepath.Join(b.built, deviceGuest), filepath.Base(deviceGuest), nil); err != nil {
		return nil, usagef("%v: make builds it", err)
	}
	files.AddText("guests/answer.cfg", answeringCfg)
	files.AddText("guests/bench.cfg", measuringCfg)
	to := filepath.Join(b.dir, "bench", "guests.cpio")
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return nil, err
	}
	if err := files.Write(to); err != nil {
		return nil, err
	}
	return &host.Domain0{Kernel: filepath.Join(b.built, controlImage), Ramdisk: to, Args: volumeWords, Memory: controlMemoryThere}, nil
}
