// Package soft makes descriptors that goroutines can wait for in the runtime's poller, as for a socket or a pipe of an
// operating system, and whose readiness is set from here: by packages that make sockets, or listen to events.
//
// A soft descriptor is a number from the table of all descriptors. [os.NewFile] makes a file of it, through whose
// [os.File.SyscallConn] a goroutine waits; and the net package's own descriptors are no different. What a system call on the
// number does is the affair of the package that made it.
//
// The poller is edge-triggered. It hears of each [Descriptor.Raise], even of bits that are set already, and of what is set
// when it begins to listen. So nothing is missed if raising follows what it is about, and whoever waits tries first, waits
// if there is nothing, and tries again:
//
//	producer: put the data there; Raise(In)
//	consumer: take the data; if there is none, wait, and begin anew
//
// [Descriptor.Lower] is for those who look later. A package that raises and lowers calls both with its lock held, so that
// the last of them is the truth.
package soft

import (
	"syscall"

	"tuco/guestlib/gate"
)

// Ready is what a descriptor is ready for: the bits of Linux' epoll.
type Ready uint32

// The bits of Ready.
const (
	In         Ready = 0x1    // reading won't wait
	Out        Ready = 0x4    // writing won't wait
	Error      Ready = 0x8    // both fail
	HangUp     Ready = 0x10   // the peer is gone
	ReadHangUp Ready = 0x2000 // the peer will write no more
)

// Descriptor is the number of a descriptor.
type Descriptor int

// Open makes a descriptor, which is ready for nothing. It is in non-blocking mode, as the poller needs it. EMFILE: there are
// too many. ENOSYS: the program is no guest.
func Open() (Descriptor, error) {
	r := gate.Call(gate.SoftOpen, 0, 0, 0, 0, 0)
	if err := gate.Errno(r); err != 0 {
		return -1, syscall.Errno(err)
	}
	return Descriptor(r), nil
}

// Raise says what the descriptor is now ready for as well, and wakes who waits for that. EBADF: it is closed.
func (d Descriptor) Raise(bits Ready) error { return d.call(gate.SoftRaise, bits) }

// Lower says what the descriptor is no longer ready for. EBADF: it is closed.
func (d Descriptor) Lower(bits Ready) error { return d.call(gate.SoftLower, bits) }

// Close gives the number back. Who waits in the poller is not woken by that: a file that was made of the descriptor has to be
// closed instead, and does all of it.
func (d Descriptor) Close() error { return d.call(gate.Close, 0) }

func (d Descriptor) call(number uintptr, bits Ready) error {
	if err := gate.Errno(gate.Call(number, uintptr(d), uintptr(bits), 0, 0, 0)); err != 0 {
		return syscall.Errno(err)
	}
	return nil
}
