// Package console is the layout of a guest's console: a page with a byte ring in each direction. Public header io/console.h.
//
// Neither side has a wish that the other should read (there is no hold-off): each notifies when it has put bytes, and when it has
// taken some, for the other may wait for room. A daemon that is too slow loses nothing, since what doesn't fit the producer keeps; and
// a guest that writes without end only fills its own page.
package console

import "tuco/ring"

// Page is a console's page.
type Page struct {
	In      [1024]byte // [daemon] what was typed
	Out     [2048]byte // [guest]
	InCons  uint32     // [guest]
	InProd  uint32     // [daemon]
	OutCons uint32     // [daemon]
	OutProd uint32     // [guest]
}

// Guest is the guest's ends: the writing one of Out and the reading one of In.
func (p *Page) Guest() (out, in ring.Bytes) {
	return ring.Producer(p.Out[:], &p.OutProd, &p.OutCons), ring.Consumer(p.In[:], &p.InProd, &p.InCons)
}

// Daemon is the daemon's ends: the reading one of Out and the writing one of In.
func (p *Page) Daemon() (out, in ring.Bytes) {
	return ring.Consumer(p.Out[:], &p.OutProd, &p.OutCons), ring.Producer(p.In[:], &p.InProd, &p.InCons)
}
