// Package hostctl is how a privileged domain rules the others: it makes them, fills them, lets them run, looks at them and ends
// them. docs/control-interface.md tells of the interface below it, and of a domain's life.
//
//	host, err := hostctl.Open()
//	d, err := host.Create(hostctl.Spec{Name: "web", Pages: 16384, VCPUs: 1})
//	d.Populate(0, frames)             // memory, page after page
//	room, err := d.Map(frames[:used]) // written to here, and then
//	room.Unmap()
//	d.Pin(root)
//	d.SetContext(0, &context)
//	d.Unpause()
//
// A Domain names one domain for good: when that is gone its number may be another's, and the methods give ErrGone. Methods may be
// called by several goroutines at once. Each error is a syscall.Errno within, and those below where one of them fits.
package hostctl

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"tuco/guestlib/gate"
	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

var (
	// ErrNotPrivileged: this domain may not rule others.
	ErrNotPrivileged = fmt.Errorf("this domain is not privileged: %w", syscall.EPERM)
	// ErrNoInterface: the hypervisor is not Tuco, or the program is no guest.
	ErrNoInterface = fmt.Errorf("there is no control interface here: %w", syscall.ENOSYS)
	// ErrGone: there is no such domain, or no longer.
	ErrGone = fmt.Errorf("the domain is gone: %w", syscall.ESRCH)
	// ErrInUse: the domain has ended, but others still have frames of it. It is gone when they let go.
	ErrInUse = fmt.Errorf("others use frames of the domain: %w", syscall.EBUSY)
)

// A VersionError is what Open gives where the hypervisor speaks another version of the interface.
type VersionError struct{ Ours, Hypervisors uint32 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the hypervisor speaks version %d of the control interface, and this program version %d: they have to be of the same build; make builds both", e.Hypervisors, e.Ours)
}

// A Host is the machine that the calls are about.
type Host struct {
	MaxDomains int // domains have numbers below
	MaxVCPUs   int // of a domain
}

// Open makes sure that the hypervisor and this program speak the same version. The errors are ErrNotPrivileged, ErrNoInterface and
// VersionError.
func Open() (*Host, error) {
	v, err := op("ask for the control interface", hypercall.CONTROLOP_version, hypercall.ControlVersion{})
	switch {
	case errors.Is(err, syscall.ENOSYS):
		return nil, ErrNoInterface
	case err != nil:
		return nil, err
	case v.Version != hypercall.CONTROL_VERSION:
		return nil, &VersionError{hypercall.CONTROL_VERSION, v.Version}
	}
	return &Host{MaxDomains: int(v.MaxDomains), MaxVCPUs: int(v.MaxVCPUs)}, nil
}

// op makes a control_op, and returns the structure as the hypervisor left it.
func op[T any](what string, cmd uint32, arg T) (T, error) {
	if !gate.Guest() {
		return arg, os.NewSyscallError(what, syscall.ENOSYS)
	}
	p := hyper.Heap(arg)
	result := hypercalls.Call(hypercall.HYPERVISOR_control_op, hypercall.CONTROL_VERSION, uint64(cmd), hypercalls.Address(p), 0, 0)
	arg = *p
	runtime.KeepAlive(p)
	return arg, failure(what, hypercall.Failed(result))
}

// failure is the error of a call; nil if there was none.
func failure(what string, e hypercall.Errno) error {
	switch e {
	case 0:
		return nil
	case hypercall.EPERM:
		return fmt.Errorf("%s: %w", what, ErrNotPrivileged)
	case hypercall.ESRCH:
		return fmt.Errorf("%s: %w", what, ErrGone)
	}
	return os.NewSyscallError(what, syscall.Errno(e))
}
