package plug

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrTwice says that a guest has its devices.
var ErrTwice = errors.New("the guest's devices are there already")

// Devices are the devices of one kind that guests have: of each guest all, or none. One call at a time makes and removes some, and may take as long as
// a guest needs to part from them.
type Devices[G comparable, D any] struct {
	mu    sync.Mutex
	of    map[G][]D
	count atomic.Int64 // of all guests; who asks for it does not wait
}

// Attach has devices made for a guest, which are told to add. If that fails, those are removed. It fails with ErrTwice.
func (d *Devices[G, D]) Attach(guest G, remove func(D) error, create func(add func(D)) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, twice := d.of[guest]; twice {
		return ErrTwice
	}
	var all []D
	if err := create(func(device D) { all = append(all, device) }); err != nil {
		for _, device := range all {
			err = errors.Join(err, remove(device))
		}
		return err
	}
	if d.of == nil {
		d.of = map[G][]D{}
	}
	d.of[guest] = all
	d.count.Add(int64(len(all)))
	return nil
}

// Detach removes the devices of a guest. What could not be removed is tried again with the next call.
func (d *Devices[G, D]) Detach(guest G, remove func(D) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.of[guest]) > 0 {
		if err := remove(d.of[guest][0]); err != nil {
			return err
		}
		d.of[guest] = d.of[guest][1:]
		d.count.Add(-1)
	}
	delete(d.of, guest)
	return nil
}

// Restart has the daemon of the devices' socket finish what it has begun, puts another in its place, and has each device served by that one. If the first one isn't done in
// time it serves nothing any more; another call waits for it again.
func (d *Devices[G, D]) Restart(ctx context.Context, s *Socket, serve func(D) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := s.Daemon.Stop(ctx); err != nil {
		return err
	}
	s.Daemon = s.Daemon.Next()
	var err error
	for _, devices := range d.of {
		for _, device := range devices {
			err = errors.Join(err, serve(device))
		}
	}
	return err
}

// Each calls a function with each device of a guest.
func (d *Devices[G, D]) Each(guest G, look func(D)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, device := range d.of[guest] {
		look(device)
	}
}

// Count is how many devices there are.
func (d *Devices[G, D]) Count() int { return int(d.count.Load()) }
