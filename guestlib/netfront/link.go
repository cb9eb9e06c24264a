package netfront

import (
	"context"
	"errors"
	"fmt"

	"tuco/guestlib/frontend"
)

// Frame is an Ethernet frame, from the destination's address on, without a check sequence.
type Frame struct {
	Data []byte

	// Checked says, of a frame received, that its TCP or UDP checksum need not be checked.
	Checked bool
}

// The lengths of frames.
const (
	MinFrame = 14 // a header
	MaxFrame = frontend.PageSize
)

// What calls fail with, besides package frontend's reasons for the end of a connection.
var (
	ErrTooLong  = errors.New("the frame is too long")
	ErrTooShort = errors.New("the frame is shorter than its header")
)

// Info is what a network interface is like.
type Info struct {
	MAC [6]byte
	MTU int // the most bytes after a frame's header
}

// Link is a network interface.
type Link struct {
	domain frontend.Domain
	path   string
	saved  frontend.Saved
	remove func() // from those that are told when the domain is saved
	line   frontend.Current[*line]
}

// Devices are the names of the domain's network interfaces, for Open. The error is frontend.ErrNoStore where there is no store.
func Devices(domain frontend.Domain) ([]string, error) { return frontend.Devices(domain, "vif") }

// Open connects a network interface. The context is for the time until it is connected. The error is frontend.ErrNoStore where
// the domain has no store.
func Open(ctx context.Context, domain frontend.Domain, name string) (*Link, error) {
	l := &Link{domain: domain, path: "device/vif/" + name}
	first, err := connect(ctx, domain, l.path)
	if err != nil {
		return nil, err
	}
	l.line.Set(first)
	l.saved = frontend.Saved{Connection: func() *frontend.Connection { return l.line.Get().connection }, Resume: l.Resume}
	l.remove = domain.AtSuspend(&l.saved)
	return l, nil
}

// Info is what the interface is like.
func (l *Link) Info() Info { return l.line.Get().info }

// Send sends frames, one after the other, and returns how many it has handed over. It waits for room if there is none. It fails
// with ErrTooLong or ErrTooShort at a frame that can't be sent, and when the connection ends.
func (l *Link) Send(frames []Frame) (n int, err error) {
	for {
		line := l.line.Get()
		sent, failed, err := line.tx.send(frames[n:])
		if failed {
			line.connection.Fail(err)
		}
		if n += sent; err != errResumed {
			return n, err
		}
	}
}

// Receive waits for a frame, and takes as many as there are and as it was given room for. Frame i goes to
// frames[i].Data, which becomes as long as the frame; it has to have room (its capacity) for MaxFrame. It returns how many came.
// Frames that have to be dropped (see Stats) are not the caller's to know of. It fails when the connection ends.
func (l *Link) Receive(frames []Frame) (n int, err error) {
	for {
		line := l.line.Get()
		n, failed, err := line.rx.receive(frames)
		if failed {
			line.connection.Fail(err)
		}
		if err != errResumed {
			return n, err
		}
	}
}

// errResumed says that a connection made way for another.
var errResumed = errors.New("the device is being connected again")

// Resume connects the interface again, after the back end closed it and has started again, or when the domain was saved and goes
// on, which the domain sees to by itself. Frames that were on their way may be lost, as frames are. Calls that wait go on waiting, on the new
// connection. It fails as Open does, and if the interface has another address; then so do the calls.
func (l *Link) Resume(ctx context.Context) error {
	return l.line.Replace(func(old *line) (*line, error) {
		old.connection.Drop(errResumed)
		next, err := connect(ctx, l.domain, l.path)
		if err == nil && next.info.MAC != old.info.MAC {
			next.connection.Close()
			err = fmt.Errorf("%s: this is not the same device: its address is %x instead of %x", l.path, next.info.MAC, old.info.MAC)
		}
		if err != nil {
			next = &line{info: old.info, connection: old.connection}
			next.tx.err, next.rx.err = err, err
		}
		return next, err
	})
}

// Close disconnects the interface. Calls that wait fail with frontend.ErrClosed.
func (l *Link) Close() error {
	l.remove()
	l.line.Get().connection.Close()
	return nil
}

// Stats is how much an interface was used since it was connected.
type Stats struct {
	Sent, Received                uint64 // frames
	SentNotify, ReceivedNotify    uint64 // notifications for them
	SendErrors                    uint64 // frames that the back end says it didn't send
	ReceiveErrors                 uint64 // what the back end says it could not deliver
	TooShort, TooLong, NoChecksum uint64 // frames dropped: no header; no room for them; a checksum to fill in, and no place for it
	Events                        uint64
}

// Stats is how much the interface was used since it was connected.
func (l *Link) Stats() Stats {
	line := l.line.Get()
	line.rx.mu.Lock()
	s := line.rx.stats
	line.rx.mu.Unlock()
	line.tx.mu.Lock()
	defer line.tx.mu.Unlock()
	s.Sent, s.SentNotify, s.SendErrors = line.tx.sent, line.tx.notifications, line.tx.errors
	return s
}
