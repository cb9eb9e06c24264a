package disks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tuco/control/backend"
	"tuco/control/blkback"
	"tuco/control/config"
	"tuco/control/domains"
	"tuco/control/limit"
	"tuco/control/plug"
	"tuco/control/volume"
)

// Service implements domains.Service.
type Service struct {
	Volumes     *volume.Store
	plug.Socket // where the disks are plugged in
	Clock       limit.Clock
	Log         *slog.Logger

	// Rate is how many bytes the disks of a guest may move in a second, all together, and as many requests as that is pages; 0: what the host's disk gives.
	Rate int64

	guests plug.Devices[domains.ID, *plugged]
}

// plugged is a disk with all that belongs to it.
type plugged struct {
	device plug.Device
	disk   config.Disk
	volume *volume.Volume // nil: closed
	driver *blkback.Driver
	limits *limits
}

// limits are what the disks of a guest share.
type limits struct{ bytes, requests *limit.Bucket }

// newLimits are those of a new guest.
func (s *Service) newLimits() *limits {
	if s.Rate == 0 {
		return &limits{}
	}
	bytes, requests := float64(s.Rate), float64(s.Rate)/backend.PageSize
	return &limits{limit.New(bytes, bytes), limit.New(requests, requests)} // a second's worth at once
}

// Name is domains.Service's.
func (s *Service) Name() string { return "disks" }

// Attach is domains.Service's.
func (s *Service) Attach(i *domains.Instance) error {
	return s.guests.Attach(i.ID, s.unplug, func(add func(*plugged)) error {
		limits := s.newLimits()
		for _, disk := range i.Config.Disks {
			p, err := s.plug(i, disk, limits)
			if err != nil {
				return fmt.Errorf("disk %s: %w", disk.VDev, err)
			}
			add(p)
		}
		return nil
	})
}

// Detach is domains.Service's. What could not be removed is tried again with the next call.
func (s *Service) Detach(i *domains.Instance) error { return s.guests.Detach(i.ID, s.unplug) }

// Clients is how many disks there are.
func (s *Service) Clients() int { return s.guests.Count() }

// plug makes a guest's disk.
func (s *Service) plug(i *domains.Instance, disk config.Disk, limits *limits) (p *plugged, err error) {
	number, err := config.VDevNumber(disk.VDev)
	if err != nil {
		return nil, err
	}
	p = &plugged{device: plug.Device{Device: backend.Device{Class: "vbd", Domain: i.ID.Dom, ID: number}}, disk: disk, limits: limits}
	defer func() {
		if err != nil {
			p, err = nil, errors.Join(err, s.unplug(p))
		}
	}()
	if err := s.open(p); err != nil {
		return p, err
	}
	mode := "w"
	if disk.ReadOnly {
		mode = "r"
	}
	front := map[string]string{"virtual-device": fmt.Sprint(number), "device-type": "disk"}
	back := map[string]string{"dev": disk.VDev, "mode": mode, "params": "vol:" + disk.Volume, "removable": "0", "bootable": "1"}
	return p, s.Plug(&p.device, p.driver, front, back)
}

// open opens a disk's volume, and makes a back end for it.
func (s *Service) open(p *plugged) (err error) {
	p.volume, err = s.Volumes.OpenVolume(p.disk.Volume, p.disk.ReadOnly)
	if errors.Is(err, volume.ErrNotFound) {
		err = fmt.Errorf("%w: make it first, by tuco volume create %s SIZE, or by --volume %[2]s=SIZE of tuco up", err, p.disk.Volume)
	}
	if err != nil {
		return err
	}
	p.driver = blkback.New(blkback.Config{
		Disk: p.volume, SectorSize: volume.Sector, ReadOnly: p.disk.ReadOnly, Discard: true, Bytes: p.limits.bytes, Requests: p.limits.requests, Clock: s.Clock, Log: s.Log,
	})
	return nil
}

// Restart has the daemon of the disks answer what it has taken, and another one go on behind that. Volumes are closed and opened again: nothing is left of the
// first daemon but what is on the disk or on its way there. The guests see a pause.
func (s *Service) Restart(ctx context.Context) error {
	return s.guests.Restart(ctx, &s.Socket, s.again)
}

// again has a disk served whose daemon has stopped.
func (s *Service) again(p *plugged) error {
	if p.volume != nil { // else an earlier try has come no further
		if err := p.volume.Close(); err != nil {
			return err
		}
		p.volume = nil
	}
	if err := s.open(p); err != nil {
		return fmt.Errorf("%s: %w", p.device.Device, err)
	}
	return s.Serve(&p.device, p.driver)
}

// unplug takes away what there is of a disk.
func (s *Service) unplug(p *plugged) error {
	if err := s.Unplug(&p.device); err != nil {
		return err
	}
	if p.volume == nil {
		return nil
	}
	err := errors.Join(p.volume.Flush(), p.volume.Close()) // what a guest has written is kept, even if it never asked for that
	p.volume = nil
	return err
}

// Disk is a guest's disk, for those who look.
type Disk struct {
	Volume string
	Stats  blkback.Stats
}

// Disks are those of a guest.
func (s *Service) Disks(id domains.ID) (all []Disk) {
	s.guests.Each(id, func(p *plugged) {
		if p.volume != nil {
			all = append(all, Disk{p.volume.Name(), p.driver.Stats()})
		}
	})
	return all
}
