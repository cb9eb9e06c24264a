package power

import (
	"errors"
	"os"
	"slices"
	"syscall"

	"tuco/guestlib/gate"
)

// A Device has a share in what does not survive when the domain is saved: grants, event channels, foreign pages, the peer.
type Device interface {
	// Suspend gives all of that up, or says why it can't: then the domain is not saved.
	Suspend() error

	// Resume takes it again. If the saving was cancelled the domain has stayed where it is; otherwise its event channels
	// are closed, its grant table is a new one, and its pages have other frames.
	Resume(cancelled bool) error
}

// AtSuspend registers a device. Devices are suspended in the opposite order of their registration, and resumed in its order: so
// who needs others registers after them.
func AtSuspend(d Device) { domain.addDevice(d) }

func (m *manager) addDevice(d Device) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.devices = append(m.devices, d)
}

// Suspend has the domain saved, and returns when it runs again: here, if the saving was cancelled, or wherever it was restored. A
// hypervisor or toolstack that can't save a domain ends it. The errors are those of devices, and EBUSY: the domain has several
// vCPUs.
func Suspend() (cancelled bool, err error) { return domain.suspend() }

func (m *manager) suspend() (cancelled bool, err error) {
	m.suspending.Lock()
	defer m.suspending.Unlock()
	m.lock.Lock()
	devices := slices.Clone(m.devices)
	m.lock.Unlock()
	first := len(devices) // those from here on are suspended
	for i, d := range slices.Backward(devices) {
		if err = d.Suspend(); err != nil {
			break
		}
		first = i
	}
	cancelled = true
	if err == nil {
		cancelled, err = m.machine.suspend()
		cancelled = cancelled || err != nil
	}
	for _, d := range devices[first:] {
		err = errors.Join(err, d.Resume(cancelled))
	}
	return cancelled, err
}

func (guest) suspend() (cancelled bool, err error) {
	r := gate.Call(gate.Suspend, 0, 0, 0, 0, 0)
	if err := gate.Errno(r); err != 0 {
		return true, os.NewSyscallError("suspend", syscall.Errno(err))
	}
	return r != 0, nil
}
