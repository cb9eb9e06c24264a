package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"tuco/hypercall"
)

// ErrStoreLost says that the store went away.
var ErrStoreLost = errors.New("the store went away")

// Devices are the names of the domain's devices of a class, such as "vbd".
func Devices(domain Domain, class string) ([]string, error) {
	store, err := domain.Store()
	if err != nil {
		return nil, err
	}
	names, err := store.List("device/" + class)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return names, err
}

// Device is a device's two directories in the store.
type Device struct {
	Path string // the front end's directory
	Back string // the back end's
	Peer hypercall.DomID

	store Store
	state Watch // of the back end
}

// find looks a device up. The watch has to be stopped.
func find(domain Domain, path string) (Device, error) {
	store, err := domain.Store()
	if err != nil {
		return Device{}, fmt.Errorf("%s: %w", path, err)
	}
	d := Device{Path: path, store: store}
	d.Back, err = store.Read(path + "/backend")
	if err != nil {
		return Device{}, fmt.Errorf("%s: no such device in the store: %w", path, err)
	}
	id, err := d.number(path+"/backend-id", uint64(hypercall.DOMID_FIRST_RESERVED)-1)
	if err != nil {
		return Device{}, err
	}
	d.Peer = hypercall.DomID(id)
	d.state, err = store.Watch(d.Back + "/state")
	if err != nil {
		return Device{}, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Text is a node in the front end's directory, which the domain's builder wrote.
func (d *Device) Text(node string) (string, error) { return d.store.Read(d.Path + "/" + node) }

// Number is a number in the back end's directory, or otherwise where there is none. It fails for one greater than most.
func (d *Device) Number(node string, most, otherwise uint64) (uint64, error) {
	v, err := d.number(d.Back+"/"+node, most)
	if errors.Is(err, fs.ErrNotExist) {
		return otherwise, nil
	}
	return v, err
}

// Flag tells whether the back end's directory has a node that says 1.
func (d *Device) Flag(node string) (bool, error) {
	v, err := d.Number(node, 1, 0)
	return v == 1, err
}

func (d *Device) number(path string, most uint64) (uint64, error) {
	text, err := d.store.Read(path)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	v, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil || v > most {
		return 0, fmt.Errorf("%s says %.40q, which is no number up to %d", path, text, most)
	}
	return v, nil
}

// backState is the back end's state. Where it doesn't say, it is Unknown.
func (d *Device) backState() (hypercall.XenbusState, error) {
	v, err := d.Number("state", uint64(hypercall.XenbusStateReconfigured), uint64(hypercall.XenbusStateUnknown))
	return hypercall.XenbusState(v), err
}

// setState says how far the front end is, together with other nodes of its directory.
func (d *Device) setState(state hypercall.XenbusState, nodes map[string]string) error {
	all := map[string]string{d.Path + "/state": strconv.Itoa(int(state))}
	for name, value := range nodes {
		all[d.Path+"/"+name] = value
	}
	if err := d.store.WriteAll(all); err != nil {
		return fmt.Errorf("%s: %w", d.Path, err)
	}
	return nil
}

// await waits until the back end is in one of some states, and returns which. It fails when the back end comes to
// one of those that are over.
func (d *Device) await(ctx context.Context, want, over []hypercall.XenbusState) (hypercall.XenbusState, error) {
	for {
		state, err := d.backState()
		switch {
		case err != nil:
			return 0, err
		case slices.Contains(want, state):
			return state, nil
		case slices.Contains(over, state):
			return 0, fmt.Errorf("%s: the back end went to %s instead of %s", d.Path, stateName(state), stateName(want[0]))
		}
		select {
		case _, ok := <-d.state.Changed():
			if !ok {
				return 0, fmt.Errorf("%s: %w", d.Path, ErrStoreLost)
			}
		case <-ctx.Done():
			return 0, fmt.Errorf("%s: the back end is still %s: %w", d.Path, stateName(state), ctx.Err())
		}
	}
}

func stateName(state hypercall.XenbusState) string {
	names := [...]string{"nowhere", "Initialising", "InitWait", "Initialised", "Connected", "Closing", "Closed", "Reconfiguring", "Reconfigured"}
	return names[state]
}
