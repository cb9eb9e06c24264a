package start

import (
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/sched"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
)

// openChannel is a new descriptor for an event channel's end. A lent port stays open when the descriptor is closed.
func openChannel(port hypercall.Port, lent bool) uint64 {
	fd, d := open(channel, nonBlocking)
	if d == nil {
		return fd
	}
	d.port, d.lent = port, lent
	vcpu, err := upcall.ListenOnce(port, eventCame, fd)
	if err != 0 {
		*d = descriptor{}
		return -uint64(err)
	}
	sched.Need(vcpu)
	return fd
}

// eventCame is what an event does: it makes the descriptor readable. The port is masked now, so it does so once. The channel may
// have been closed meanwhile; one in its place finds that there is nothing to take.
func eventCame(fd uint64) {
	tables.Lock()
	if d := find(fd); d != nil && d.kind == channel {
		d.bits |= pollIn
		d.happened(pollIn)
	}
	tables.Unlock()
}

// takeEvent takes the event that has come. If there is none, the port is unmasked for the next.
func takeEvent(fd uint64) uint64 {
	d := find(fd)
	switch {
	case d == nil || d.kind != channel:
		return failed(ebadf)
	case d.port == 0:
		return failed(enotconn) // the domain was restored, and the port is not there any more
	case d.bits&pollIn != 0:
		d.bits &^= pollIn
		return 1
	}
	return -uint64(upcall.Unmask(d.port))
}

func unmaskChannel(fd uint64) uint64 {
	d := find(fd)
	switch {
	case d == nil || d.kind != channel:
		return failed(ebadf)
	case d.port == 0:
		return failed(enotconn)
	}
	return -uint64(upcall.Unmask(d.port))
}

func closeChannel(port hypercall.Port, lent bool) {
	upcall.Forget(port)
	if !lent && port != 0 {
		hypercalls.EventOp(hypercall.EVTCHNOP_close, &hypercall.EvtchnClose{Port: port})
	}
}
