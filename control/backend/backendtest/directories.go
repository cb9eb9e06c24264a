package backendtest

import (
	"errors"

	"tuco/control/backend"
	"tuco/guestlib/frontend/model"
)

// ErrStore is what a call of Directories fails with that is told to.
var ErrStore = errors.New("the store fails, as the test demands")

// Directories are devices' directories on a machine in memory, as package plug wants them. The call with the number Fail fails.
type Directories struct {
	*Machine
	Calls, Fail int
}

func (d *Directories) call(do func()) error {
	if d.Calls++; d.Calls == d.Fail {
		return ErrStore
	}
	do()
	return nil
}

// Plug makes both directories.
func (d *Directories) Plug(v backend.Device, front, back map[string]string) error {
	return d.call(func() { d.Machine.Plug(v, front, back) })
}

// RemoveFront removes that of the front end.
func (d *Directories) RemoveFront(v backend.Device) error {
	return d.call(func() { _ = d.Tree.Remove(v.Front()) })
}

// RemoveBack removes the other.
func (d *Directories) RemoveBack(v backend.Device) error {
	return d.call(func() { _ = d.Tree.Remove(v.Back(model.Back)) })
}
