package netif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"tuco/hypercall"
)

// ErrChain says that a frame's slots don't fit together. The front end is at fault, and where its next frame begins is not known:
// the connection has to end.
var ErrChain = errors.New("the slots of a frame don't fit together")

// GSO is how a long segment is to be cut. Its Type is GSONone where it is not.
type GSO struct {
	Type GSOType
	Size uint16 // the most payload of each part
}

// Extra is what says so in a slot.
func (g GSO) Extra() Extra {
	e := Extra{Type: ExtraGSO}
	binary.LittleEndian.PutUint16(e.Data[0:], g.Size)
	e.Data[2] = byte(g.Type)
	return e
}

// GSO is what an Extra of type ExtraGSO says.
func (e Extra) GSO() GSO {
	return GSO{GSOType(e.Data[2]), binary.LittleEndian.Uint16(e.Data[0:])}
}

// TXSlot is an Extra as a front end puts it.
func (e Extra) TXSlot() (r TXRequest) {
	*(*Extra)(unsafe.Pointer(&r)) = e
	return r
}

// RXSlot is an Extra as a back end puts it.
func (e Extra) RXSlot() (r RXResponse) {
	*(*Extra)(unsafe.Pointer(&r)) = e
	return r
}

// Extra is what a slot says that is one.
func (r TXRequest) Extra() Extra { return *(*Extra)(unsafe.Pointer(&r)) }

// Extra is what a slot says that is one.
func (r RXResponse) Extra() Extra { return *(*Extra)(unsafe.Pointer(&r)) }

// Fragment is a part of a frame.
type Fragment struct {
	Ref          hypercall.GrantRef
	Offset, Size int // in the page, which it does not leave
}

// Packet is a frame that a front end sends. A back end may use one again and again.
type Packet struct {
	Size      int // of all fragments together
	Flags     TXFlags
	GSO       GSO
	Fragments []Fragment

	slots []slot
}

// slot is what has to be answered.
type slot struct {
	id    uint16
	extra bool
}

// Take takes a frame's slots out of a ring, if there are any. It fails with ring.ErrIndex or ErrChain, and then the connection has to
// end. With bad, the frame is not to be sent, but the ring goes on: Answer it with StatusError.
func (p *Packet) Take(b *TXBack) (ok bool, bad, err error) {
	*p = Packet{Fragments: p.Fragments[:0], slots: p.slots[:0]}
	var r TXRequest
	if ok, err := b.Take(&r); !ok {
		return false, nil, err
	}
	p.Size, p.Flags = int(r.Size), r.Flags
	first := r
	p.slots = append(p.slots, slot{id: r.ID})
	if r.Flags&TXExtraFollows != 0 {
		if bad, err = p.extras(b); err != nil {
			return false, nil, err
		}
	}
	p.Fragments = append(p.Fragments, Fragment{first.Ref, int(first.Offset), int(first.Size)})
	for flags := first.Flags; flags&TXMoreData != 0; flags = r.Flags {
		if err := p.next(b, &r, false); err != nil {
			return false, nil, err
		}
		p.Fragments = append(p.Fragments, Fragment{r.Ref, int(r.Offset), int(r.Size)})
		p.Fragments[0].Size -= int(r.Size)
	}
	if bad == nil {
		bad = p.check()
	}
	return true, bad, nil
}

// extras takes the slots that say more of the frame.
func (p *Packet) extras(b *TXBack) (bad, err error) {
	for more := true; more; {
		var r TXRequest
		if err := p.next(b, &r, true); err != nil {
			return nil, err
		}
		e := r.Extra()
		more = e.Flags&ExtraMore != 0
		g := e.GSO()
		switch {
		case e.Type != ExtraGSO:
			bad = fmt.Errorf("an extra slot of type %d, which was not offered", e.Type)
		case g.Type != GSOTCPv4 && g.Type != GSOTCPv6 || g.Size == 0:
			bad = fmt.Errorf("segmentation of type %d to %d bytes", g.Type, g.Size)
		default:
			p.GSO = g
		}
	}
	return bad, nil
}

// mostSlots is how many slots a frame may have, whatever they are, before its front end is given up. A frame with more than MinSlots parts is not sent: a front end may
// believe in a few more, as some of old do.
const mostSlots = MinSlots + 6

// next takes another slot of the same frame, which has to be there.
func (p *Packet) next(b *TXBack, r *TXRequest, extra bool) error {
	if len(p.slots) == mostSlots {
		return fmt.Errorf("%w: there are more than %d", ErrChain, mostSlots)
	}
	ok, err := b.Take(r)
	if err == nil && !ok {
		err = fmt.Errorf("%w: the frame goes on, but not in the ring", ErrChain)
	}
	id := r.ID
	if extra {
		id = 0 // it has none
	}
	p.slots = append(p.slots, slot{id, extra})
	return err
}

// check looks whether there are not too many fragments, whether they are parts of pages, and whether they add up.
func (p *Packet) check() error {
	const pageSize = 4096
	if len(p.Fragments) > MinSlots {
		return fmt.Errorf("a frame of %d parts: %d are the most", len(p.Fragments), MinSlots)
	}
	for i, f := range p.Fragments {
		if f.Size <= 0 || f.Offset+f.Size > pageSize {
			return fmt.Errorf("part %d of the frame: %d bytes at %d in a page", i, f.Size, f.Offset)
		}
	}
	return nil
}

// Answer puts the responses to the frame's slots into the ring, for the next Push.
func (p *Packet) Answer(b *TXBack, status Status) {
	for _, s := range p.slots {
		r := TXResponse{ID: s.id, Status: status}
		if s.extra {
			r.Status = StatusNull
		}
		b.Put(&r)
	}
}
