package plug

import (
	"errors"
	"io/fs"
	"path"
	"strconv"

	"tuco/control/backend"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// Store makes devices' directories in a store, as a domain that may write everywhere.
type Store struct {
	Store *xenbus.Store
	Self  hypercall.DomID // where the back ends are
}

// Plug implements Directories. Each side owns its directory, and may read the other's.
func (s Store) Plug(d backend.Device, front, back map[string]string) error {
	return s.Store.Transact(func(tx *xenbus.Tx) error {
		const initialising = "1"
		return errors.Join(
			directory(tx, d.Front(), d.Domain, s.Self, front, map[string]string{
				"backend": d.Back(s.Self), "backend-id": strconv.Itoa(int(s.Self)), "state": initialising,
			}),
			directory(tx, d.Back(s.Self), s.Self, d.Domain, back, map[string]string{
				"frontend": d.Front(), "frontend-id": strconv.Itoa(int(d.Domain)), "online": "1", "state": initialising,
			}),
		)
	})
}

// directory makes a directory that belongs to a domain and that another may read, with nodes.
func directory(tx *xenbus.Tx, at string, owner, reader hypercall.DomID, all ...map[string]string) error {
	perms := []xenbus.Perm{{Domain: owner}, {Domain: reader, Read: true}}
	if err := errors.Join(tx.Mkdir(at), tx.SetPerms(at, perms...)); err != nil {
		return err
	}
	for _, nodes := range all {
		for name, value := range nodes {
			node := path.Join(at, name)
			if err := errors.Join(tx.Write(node, value), tx.SetPerms(node, perms...)); err != nil {
				return err
			}
		}
	}
	return nil
}

// RemoveFront implements Directories.
func (s Store) RemoveFront(d backend.Device) error {
	if err := s.Store.Remove(d.Front()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveBack implements Directories. The directory of the guest's devices of this kind, which the device's was in, is ours too, and goes with the last.
func (s Store) RemoveBack(d backend.Device) error {
	back := d.Back(s.Self)
	return s.Store.Transact(func(tx *xenbus.Tx) error {
		if err := tx.Remove(back); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		all := path.Dir(back)
		others, err := tx.List(all)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && len(others) > 0:
			return nil
		case err != nil:
			return err
		}
		return tx.Remove(all)
	})
}
