package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// partPatience is how long a front end has to part from a device that goes.
const partPatience = 5 * time.Second

// What a Daemon's calls fail with.
var (
	ErrServed    = errors.New("the device is served already")
	ErrNotServed = errors.New("no such device is served")
	ErrStopped   = errors.New("the daemon has stopped")
)

// Daemon serves devices, each in a goroutine of its own: what one of them waits for holds up no other.
type Daemon struct {
	config Config
	ctx    context.Context
	stop   context.CancelFunc
	all    sync.WaitGroup

	mu      sync.Mutex
	devices map[Device]*served
	stopped bool
}

type served struct {
	closing chan struct{}
	once    sync.Once
	done    chan struct{}
}

// NewDaemon is a daemon that serves nothing yet.
func NewDaemon(c Config) *Daemon {
	ctx, stop := context.WithCancel(context.Background())
	return &Daemon{config: c, ctx: ctx, stop: stop, devices: map[Device]*served{}}
}

// Next is a daemon like this one that serves nothing yet: what takes its place when it has stopped.
func (d *Daemon) Next() *Daemon { return NewDaemon(d.config) }

// Attach serves a device from now on: a new one, or one that a daemon before this one has served. It fails with ErrServed or
// ErrStopped.
func (d *Daemon) Attach(device Device, driver Driver) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.stopped:
		return fmt.Errorf("%s: %w", device, ErrStopped)
	case d.devices[device] != nil:
		return fmt.Errorf("%s: %w", device, ErrServed)
	}
	s := &served{closing: make(chan struct{}), done: make(chan struct{})}
	d.devices[device] = s
	d.all.Go(func() {
		defer close(s.done)
		if err := d.serve(device, driver, s.closing); err != nil {
			d.config.Log.Error("no longer served", "device", device.String(), "reason", err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.devices, device)
	})
	return nil
}

// serve is Serve, but a back end that panics ends with its device: the others go on.
func (d *Daemon) serve(device Device, driver Driver, closing <-chan struct{}) (err error) {
	defer func() {
		if p := recover(); p != nil {
			back := device.Back(d.config.Self)
			err = errors.Join(fmt.Errorf("the back end has panicked: %v\n%s", p, debug.Stack()), d.config.Store.WriteAll(map[string]string{
				back + "/state": strconv.Itoa(int(hypercall.XenbusStateClosing)), back + "/error": "the back end has failed",
			}))
		}
	}()
	return Serve(d.ctx, d.config, device, driver, closing)
}

// Detach closes a device, and returns when nothing of it is mapped any more, or with the context's error. It fails with
// ErrNotServed.
func (d *Daemon) Detach(ctx context.Context, device Device) error {
	d.mu.Lock()
	s := d.devices[device]
	d.mu.Unlock()
	if s == nil {
		return fmt.Errorf("%s: %w", device, ErrNotServed)
	}
	s.once.Do(func() { close(s.closing) })
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", device, ctx.Err())
	}
}

// Devices are those that are served.
func (d *Daemon) Devices() (all []Device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for device := range d.devices {
		all = append(all, device)
	}
	slices.SortFunc(all, func(a, b Device) int {
		return slices.Compare([]uint32{uint32(a.Domain), a.ID}, []uint32{uint32(b.Domain), b.ID})
	})
	return all
}

// Stop drains all devices and serves none any more; their states stay, so that the next daemon can go on. It returns when that is so,
// or with the context's error.
func (d *Daemon) Stop(ctx context.Context) error {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.stop()
	done := make(chan struct{})
	go func() {
		d.all.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("still draining %v: %w", d.Devices(), ctx.Err())
	}
}

// Find lists the devices of a class that the store has for a back end's domain: what a daemon that was restarted has to attach.
func Find(store frontend.Store, self hypercall.DomID, class string) (found []Device, err error) {
	top := fmt.Sprintf("/local/domain/%d/backend/%s", self, class)
	domains, err := list(store, top)
	for _, domain := range domains {
		ids, err := list(store, fmt.Sprintf("%s/%d", top, domain))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			found = append(found, Device{class, hypercall.DomID(domain), id})
		}
	}
	return found, err
}

// list is the numbers that are names below a path.
func list(store frontend.Store, path string) (numbers []uint32, err error) {
	names, err := store.List(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, name := range names {
		if v, err := strconv.ParseUint(name, 10, 32); err == nil {
			numbers = append(numbers, uint32(v))
		}
	}
	return numbers, err
}
