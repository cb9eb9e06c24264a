package xenbus

import (
	"errors"
	"fmt"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/page"
	"tuco/guestlib/power"
	"tuco/guestlib/xenbus/wire"
	"tuco/ring/xenstore"
)

// ErrNoStore says that the domain was started with no store to talk to.
var ErrNoStore = errors.New("this domain has no store: its builder gave it no page and no port for one, as is so for domain 0")

// Open connects to the store that the domain's builder has named. ErrNoStore: it has named none. ENOSYS: the program is no guest.
func Open() (*Store, error) {
	conn, err := Dial()
	if err != nil {
		return nil, err
	}
	s := New(conn)
	power.AtSuspend(device{s})
	return s, nil
}

// device is the store's connection when the domain is saved.
type device struct{ store *Store }

func (d device) Suspend() error {
	d.store.Hold()
	return nil
}

// Resume makes the connection anew in a restored domain, unless the program has closed it.
func (d device) Resume(cancelled bool) error {
	if cancelled || d.store.closed() {
		d.store.Release()
		return nil
	}
	conn, err := Dial()
	if err != nil {
		d.store.Release()
		return err
	}
	return d.store.Reconnect(conn)
}

// Dial makes the connection that Open uses. A domain has one at a time.
func Dial() (*wire.Conn, error) {
	info, err := hyper.StartInfo()
	if err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	if info.StoreMFN == 0 || info.StoreEvtchn == 0 {
		return nil, ErrNoStore
	}
	room, err := page.Reserve(1)
	if err != nil {
		return nil, fmt.Errorf("the store's page: %w", err)
	}
	if err := room.Map(0, info.StoreMFN); err != nil {
		return nil, errors.Join(fmt.Errorf("the store's page: %w", err), room.Free())
	}
	channel, err := evtchn.Lent(info.StoreEvtchn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the store's port: %w", err), room.Unmap(0), room.Free())
	}
	// The page stays mapped: goroutines that end with the connection may still look at it.
	return wire.Domain(hypercalls.At[xenstore.Page](room.Address(0)), channel), nil
}
