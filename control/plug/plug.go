// Package plug is how the toolstack gives a guest a device and takes it away again: two directories in the store, and a back end that serves it.
//
// They are made in an order in which nobody sees something half-made, and go in the reverse order.
package plug

import (
	"context"
	"errors"
	"time"

	"tuco/control/backend"
)

// Directories makes and removes devices' directories in the store.
type Directories interface {
	// Plug makes both directories of a device, with nodes; or neither.
	Plug(d backend.Device, front, back map[string]string) error

	// RemoveFront removes that of the front end, and RemoveBack the other. One that isn't there is no error.
	RemoveFront(d backend.Device) error
	RemoveBack(d backend.Device) error
}

// Socket is where devices are plugged in.
type Socket struct {
	Daemon      *backend.Daemon
	Directories Directories
}

// Device is a device, with what there is of it.
type Device struct {
	backend.Device

	served, there bool // the back end serves it; its directories are there
}

// Plug makes the directories of a device and has it served. What it has made when it fails is for Unplug.
func (s *Socket) Plug(d *Device, driver backend.Driver, front, back map[string]string) error {
	if err := s.Directories.Plug(d.Device, front, back); err != nil {
		return err
	}
	d.there = true
	return s.Serve(d, driver)
}

// Serve has a device served whose directories are there.
func (s *Socket) Serve(d *Device, driver backend.Driver) error {
	if err := s.Daemon.Attach(d.Device, driver); err != nil {
		return err
	}
	d.served = true
	return nil
}

// patience is how long a front end has to part from its device.
const patience = 10 * time.Second

// Unplug takes away what there is of a device; what it could not take away when it fails is for another call. The front end's directory goes first: so the
// back end knows that it need not wait for it.
func (s *Socket) Unplug(d *Device) error {
	if d.there {
		if err := s.Directories.RemoveFront(d.Device); err != nil {
			return err
		}
	}
	if d.served {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Daemon.Detach(ctx, d.Device); err != nil && !errors.Is(err, backend.ErrNotServed) {
			return err
		}
		d.served = false
	}
	if d.there {
		if err := s.Directories.RemoveBack(d.Device); err != nil {
			return err
		}
		d.there = false
	}
	return nil
}
