package network

import (
	"sync"

	"tuco/control/packet"
)

// Card sends frames, which it copies; what there is no room for is lost. A virtio network card is one.
type Card interface {
	Send(frames ...[]byte) error
}

// Uplink is a gateway's uplink by a card that does no sums and cuts nothing.
type Uplink struct {
	card Card

	mu     sync.Mutex
	frames [][]byte
	err    error
}

// NewUplink is an uplink by a card.
func NewUplink(c Card) *Uplink { return &Uplink{card: c} }

// Send implements gateway.Uplink.
func (u *Uplink) Send(frames []packet.Frame) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range frames {
		u.frames = append(u.frames, frames[i].Data)
	}
	if err := u.card.Send(u.frames...); err != nil && u.err == nil {
		u.err = err
	}
	clear(u.frames)
	u.frames = u.frames[:0]
}

// Err is the first error of the card's, which is also why nothing is sent any more.
func (u *Uplink) Err() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// Receive is what a card's driver calls with a frame that has come: it makes frames for a gateway of it.
func Receive(to interface{ Receive([]packet.Frame) }) func(frame []byte) {
	return func(frame []byte) { to.Receive([]packet.Frame{{Data: frame}}) }
}
