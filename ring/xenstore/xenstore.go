// Package xenstore is the layout of the page by which a domain talks to the store: a byte ring in each direction, and what either side
// says of the connection. Public header io/xs_wire.h. The messages in it are guestlib/xenbus/wire's business.
package xenstore

import "tuco/ring"

// RingSize is the size of each ring.
const RingSize = 1024

// Page is the page.
type Page struct {
	Req        [RingSize]byte // [domain]
	Rsp        [RingSize]byte // [daemon] replies, and events of watches
	ReqCons    uint32         // [daemon]
	ReqProd    uint32         // [domain]
	RspCons    uint32         // [domain]
	RspProd    uint32         // [daemon]
	Features   uint32         // [daemon]
	Connection uint32         // Connected, or Reconnect, which [domain] asks for and [daemon] takes back
	Error      uint32         // [daemon]
}

// What the daemon can: Page.Features.
const (
	FeatureReconnect = 1 << 0 // a domain may ask for a new connection
	FeatureError     = 1 << 1 // Error says why the connection ended
)

// The values of Page.Connection.
const (
	Connected = 0
	Reconnect = 1
)

// The values of Page.Error.
const (
	ErrorNone     = 0
	ErrorComm     = 1
	ErrorIndex    = 2 // an index that can't be
	ErrorProtocol = 3 // a message that is too long
)

// Domain is the domain's ends: the writing one of Req and the reading one of Rsp.
func (p *Page) Domain() (out, in ring.Bytes) {
	return ring.Producer(p.Req[:], &p.ReqProd, &p.ReqCons), ring.Consumer(p.Rsp[:], &p.RspProd, &p.RspCons)
}

// Daemon is the daemon's ends: the reading one of Req and the writing one of Rsp.
func (p *Page) Daemon() (in, out ring.Bytes) {
	return ring.Consumer(p.Req[:], &p.ReqProd, &p.ReqCons), ring.Producer(p.Rsp[:], &p.RspProd, &p.RspCons)
}
