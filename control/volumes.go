package main

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"tuco/control/disks"
	"tuco/control/limit"
	"tuco/control/volume"
	"tuco/guestlib"
	"tuco/guestlib/xenbus"
)

// ramDiskMax is the most that the disk in memory of a host that has none is large, in bytes.
const ramDiskMax = 64 << 20

// ramDisk is its size. Only what is written takes memory, but all of it may be written: two thirds of what the domain has left stay for everything else.
func ramDisk() int64 {
	const pageSize, mib = 4096, 1 << 20
	_, free := guestlib.Memory()
	return min(ramDiskMax, int64(free)*pageSize/3/mib*mib)
}

// newDisks serves guests' disks from the volumes on the host's disk, or in memory, where they are not durable.
func newDisks(d *devices, own *xenbus.Store, words []string, log *slog.Logger) (service *disks.Service, durable bool, err error) {
	volumes, durable, err := openVolumes(d, log)
	if err != nil {
		return nil, false, err
	}
	if err := makeVolumes(volumes, words); err != nil {
		return nil, false, err
	}
	rate, err := diskRate(words)
	if err != nil {
		return nil, false, err
	}
	return &disks.Service{
		Volumes: volumes, Clock: limit.System{}, Log: log, Rate: rate,
		Socket: newSocket(own, log),
	}, durable, nil
}

// diskRate is how many bytes each guest's disks may move in a second, as the command line says: disk-rate=MIB. 0 is no limit.
func diskRate(words []string) (rate int64, err error) {
	for _, word := range words {
		if text, is := strings.CutPrefix(word, "disk-rate="); is {
			mib, err := strconv.ParseInt(text, 10, 32)
			if err != nil || mib <= 0 {
				return 0, fmt.Errorf("%q: write disk-rate=MIB, in whole MiB a second", word)
			}
			rate = mib << 20
		}
	}
	return rate, nil
}

func openVolumes(d *devices, log *slog.Logger) (volumes *volume.Store, durable bool, err error) {
	var dev volume.Device
	disk, err := d.disk()
	switch {
	case err != nil:
		return nil, false, err
	case disk != nil:
		dev = disk
	default:
		size := ramDisk()
		log.Info("the host has no disk: volumes are in memory, and end with it", "bytes", size)
		dev = disks.NewRAM(size)
	}
	volumes, report, err := disks.Open(dev)
	for _, line := range report {
		log.Info("volumes: " + line)
	}
	return volumes, disk != nil, err
}

// makeVolumes makes the volumes that the command line names and that are not there: volume=NAME:MIB.
func makeVolumes(volumes *volume.Store, words []string) error {
	there, err := volumes.List()
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, v := range there {
		names[v.Name] = true
	}
	for _, word := range words {
		text, is := strings.CutPrefix(word, "volume=")
		if !is {
			continue
		}
		name, size, _ := strings.Cut(text, ":")
		mib, err := strconv.ParseInt(size, 10, 32)
		if err != nil || mib <= 0 {
			return fmt.Errorf("%q: write volume=NAME:MIB", word)
		}
		if names[name] {
			continue
		}
		if err := volumes.Create(name, mib<<20); err != nil {
			return fmt.Errorf("%q: %w", word, err)
		}
		names[name] = true
	}
	return nil
}
