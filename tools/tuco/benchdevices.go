package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/linux"
	"tuco/tools/tuco/ramdisk"
)

// The programs that measure devices and the store. Make builds them.
const (
	deviceGuest  = "programs/iobench.elf"
	linuxProgram = "programs/linuxio" // a stock Linux guest's first program
	storeGuest   = "programs/storebench.elf"
	controlImage = "control.elf"
)

// devicesWord chooses the rows of devices and of the store.
const devicesWord = "devices"

// stubs are the ways to measure: with the stub, and without it.
var stubs = [...]string{"on", "off"}

// devices measures what a Go guest's devices cost with the control domain's back ends, and the store with few domains' nodes in it and with many.
func (b *bencher) devices(ctx context.Context) error {
	var tables [len(stubs)]bench.Table
	for i, stub := range stubs {
		guests, err := b.hosted(ctx, "devices-stub-"+stub, stub, smallControl, goGuest, filepath.Join(b.built, deviceGuest))
		if err != nil {
			return err
		}
		spec := host.Spec{ICount: true, Append: "counts stub=" + stub}
		spec.Dom0 = &host.Domain0{Kernel: filepath.Join(b.built, storeGuest), Memory: storeMemory}
		store, err := b.deviceTable(ctx, "store-stub-"+stub, spec, "")
		if err != nil {
			return err
		}
		tables[i] = append(guests, store...)
	}
	return b.report.JoinDevices(tables[0], tables[1])
}

// linuxDevices measures what a stock Linux guest's devices cost.
func (b *bencher) linuxDevices(ctx context.Context) error {
	image, err := linux.Make(ctx, linux.Options{
		Flavour: "amd64", Dir: filepath.Join(b.built, "linux-bench"), Source: filepath.Join(b.built, ".."), Cache: cacheDir(), Says: b.says,
		Add: map[string]string{"init": filepath.Join(b.built, linuxProgram)},
	})
	if err != nil {
		return err
	}
	var tables [len(stubs)]bench.Table
	for i, stub := range stubs {
		tables[i], err = b.hosted(ctx, "linux-devices-stub-"+stub, stub, largeControl, linuxGuest, filepath.Join(b.built, deviceGuest), image.Kernel, image.Initramfs)
		if err != nil {
			return err
		}
	}
	return b.report.JoinLinuxGuest(tables[0], tables[1])
}

// A measuring guest has a disk in the control domain's memory, and a network with another guest and the gateway.
const (
	measuring = `name = "bench"
disk = ["vol:data,xvda,w"]
vif  = ["ip=10.77.0.11"]
`
	goGuest = measuring + `memory = 64
kernel = "iobench.elf"
extra  = "disk store address=10.77.0.11 ping=10.77.0.1 send=10.77.0.12"
`
	linuxGuest = measuring + `memory  = 256
kernel  = "vmlinux"
ramdisk = "initramfs.cpio"
extra   = "console=hvc0 linuxio.address=10.77.0.11 linuxio.ping=10.77.0.1 linuxio.send=10.77.0.12"
`
	answering = `name = "answer"
memory = 64
kernel = "iobench.elf"
extra  = "answer address=10.77.0.12"
vif    = ["ip=10.77.0.12"]
`
	volumeWords = "volume=data:8"

	smallControl = 96 * host.MiB
	largeControl = 256 * host.MiB // which has Linux' files twice
	storeMemory  = 96 * host.MiB
)

// hosted boots a control domain with the guest that measures, whose guest.cfg is given, and the one that answers; and reads the former's table.
func (b *bencher) hosted(ctx context.Context, name, stub string, memory host.Size, config string, files ...string) (bench.Table, error) {
	disk := ramdisk.Ramdisk{}
	for _, file := range files {
		if err := disk.Add(file, filepath.Base(file), nil); err != nil {
			return nil, err
		}
	}
	disk.AddText("guests/answer.cfg", answering)
	disk.AddText("guests/bench.cfg", config)
	to := filepath.Join(b.dir, "bench", name, "guests.cpio")
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return nil, err
	}
	if err := disk.Write(to); err != nil {
		return nil, err
	}
	spec := host.Spec{ICount: true, Append: "counts stub=" + stub} // without counts, guests may not know how long the CPU was idle
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(b.built, controlImage), Ramdisk: to, Args: volumeWords, Memory: memory}
	return b.deviceTable(ctx, name, spec, "bench")
}

// deviceTable boots a host and reads the table that a guest has printed, with what the control domain tells of itself; or domain 0's, where there is no guest.
func (b *bencher) deviceTable(ctx context.Context, name string, spec host.Spec, guest string) (bench.Table, error) {
	outcome, err := b.boot(ctx, name, spec, host.Options{})
	if err != nil {
		return nil, err
	}
	table, err := bench.Parse(bench.ConsoleOf(guest, outcome.Console))
	var control bench.Table
	if err == nil && guest != "" {
		control, err = bench.ParseControl(guest, outcome.Console)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, outcome.ConsolePath, err)
	}
	return append(table, control...), nil
}
