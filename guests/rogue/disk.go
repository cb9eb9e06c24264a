package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/blkif"
)

// noGrant is a reference of which no table is long enough.
const noGrant = 4_000_000_000

// A blockDevice is a disk with a ring.
type blockDevice struct {
	*device
	memory   frontend.Shared // of the ring
	pages    frontend.Shared // for data
	readOnly frontend.Shared
	ring     blkif.Front
	sectors  uint64
}

// diskProposals proposes what can't be.
func diskProposals(d *device) error {
	for _, c := range []struct {
		what  string
		nodes map[string]string
		why   string
	}{
		{"a ring that is not granted", map[string]string{"ring-ref": fmt.Sprint(noGrant)}, "ring-ref"},
		{"a ring that is a word", map[string]string{"ring-ref": "\x1b[2Jeight"}, `says "\x1b[2Jeight"`},
		{"a ring of 2^99 pages", map[string]string{"ring-page-order": "99"}, "ring-page-order"},
		{"another protocol", map[string]string{"protocol": "vax-abi"}, "only x86_64-abi is served"},
		{"a port that is none", map[string]string{"event-channel": "4095"}, "event-channel"},
		{"a negative port", map[string]string{"event-channel": "-1"}, "event-channel"},
	} {
		if err := d.begin(); err != nil {
			return err
		}
		ring, err := d.share(1, false)
		if err != nil {
			return err
		}
		nodes := map[string]string{"ring-ref": fmt.Sprint(ring.Refs[0]), "ring-page-order": "0", "ring-ref0": fmt.Sprint(ring.Refs[0]), "protocol": blkif.Protocol}
		for name, value := range c.nodes {
			nodes[name] = value
		}
		if nodes["ring-ref"] != fmt.Sprint(ring.Refs[0]) {
			nodes["ring-ref0"] = nodes["ring-ref"]
		}
		if _, err := d.propose(nodes); err != nil {
			return err
		}
		if err := d.disconnected(c.what, c.why); err != nil {
			return err
		}
	}
	return nil
}

// connectDisk connects as a front end should.
func connectDisk(d *device) (*blockDevice, error) {
	if err := d.begin(); err != nil {
		return nil, err
	}
	b := &blockDevice{device: d}
	var err error
	for _, s := range []struct {
		to       *frontend.Shared
		pages    int
		readOnly bool
	}{{&b.memory, 1, false}, {&b.pages, 16, false}, {&b.readOnly, 1, true}} {
		if *s.to, err = d.share(s.pages, s.readOnly); err != nil {
			return nil, err
		}
	}
	b.ring = ring.MakeFront[blkif.Request, blkif.Response](b.memory.Memory)
	state, err := d.propose(map[string]string{
		"ring-page-order": "0", "ring-ref0": fmt.Sprint(b.memory.Refs[0]), "protocol": blkif.Protocol, "feature-persistent": "1",
	})
	if err != nil {
		return nil, err
	}
	if state != connected {
		return nil, fmt.Errorf("%s: %w", d.front, errRefused)
	}
	text, err := d.store.Read(d.back + "/" + blkif.KeySectors)
	if err == nil {
		_, err = fmt.Sscan(text, &b.sectors)
	}
	return b, err
}

// ask has a request answered.
func (b *blockDevice) ask(r blkif.Request) (blkif.Status, error) {
	b.ring.Put(&r)
	if b.ring.Push() {
		b.notify()
	}
	for {
		var answer blkif.Response
		_, ok, err := b.ring.Take(&answer)
		switch {
		case err != nil:
			return 0, err
		case ok && answer.ID != r.ID:
			return 0, fmt.Errorf("%s: request %d was answered for request %d", b.front, answer.ID, r.ID)
		case ok:
			return answer.Status, nil
		}
		if more, err := b.ring.FinalCheck(1); err != nil {
			return 0, err
		} else if !more {
			b.event()
		}
	}
}

func (b *blockDevice) page(i int) []byte {
	return b.pages.Memory[i*frontend.PageSize:][:frontend.PageSize]
}

func (b *blockDevice) segment(page int) blkif.Segment {
	return blkif.Segment{Ref: b.pages.Refs[page], Last: blkif.SectorsPerPage - 1}
}

// diskRequests asks for what can't be had. Each time the answer is an error, and nothing else happens.
func diskRequests(d *device) error {
	b, err := connectDisk(d)
	if err != nil {
		return err
	}
	end := b.sectors
	list := blkif.Segments(b.page(0))
	for i := range list {
		list[i] = b.segment(1)
	}
	transfer := func(op blkif.Op, sector uint64, s ...blkif.Segment) blkif.Request {
		return blkif.Transfer(op, 7, sector, s)
	}
	granted := func(s blkif.Segment, ref hypercall.GrantRef) blkif.Segment { s.Ref = ref; return s }
	for _, c := range []struct {
		what    string
		request blkif.Request
		want    blkif.Status
	}{
		{"an operation that is none", blkif.Request{Op: 200, ID: 7}, blkif.StatusUnsupported},
		{"255 segments", blkif.Request{Op: blkif.OpWrite, Count: 255, ID: 7}, blkif.StatusError},
		{"no segments", blkif.Request{Op: blkif.OpRead, ID: 7}, blkif.StatusError},
		{"reading beyond the end", transfer(blkif.OpRead, end, b.segment(0)), blkif.StatusError},
		{"writing over the end", transfer(blkif.OpWrite, end-1, b.segment(0)), blkif.StatusError},
		{"a sector that wraps", transfer(blkif.OpWrite, math.MaxUint64-7, b.segment(0)), blkif.StatusError},
		{"a page that is not granted", transfer(blkif.OpRead, 0, granted(b.segment(0), noGrant)), blkif.StatusError},
		{"reading into a page that may be read only", transfer(blkif.OpRead, 0, granted(b.segment(0), b.readOnly.Refs[0])), blkif.StatusError},
		{"sectors beyond their page", transfer(blkif.OpRead, 0, blkif.Segment{Ref: b.pages.Refs[0], Last: 8}), blkif.StatusError},
		{"sectors backwards", transfer(blkif.OpRead, 0, blkif.Segment{Ref: b.pages.Refs[0], First: 7, Last: 6}), blkif.StatusError},
		{"a list of 129 segments", blkif.Indirect(blkif.OpRead, 7, 0, 129, b.pages.Refs[0]), blkif.StatusError},
		{"a list that is not granted", blkif.Indirect(blkif.OpRead, 7, 0, 8, noGrant), blkif.StatusError},
		{"a list of lists", blkif.Indirect(blkif.OpIndirect, 7, 0, 8, b.pages.Refs[0]), blkif.StatusUnsupported},
		{"discarding beyond the end", blkif.Discard(7, end-1, 2), blkif.StatusError},
		{"discarding all there could be", blkif.Discard(7, 1, math.MaxUint64), blkif.StatusError},
	} {
		status, err := b.ask(c.request)
		if err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		if status != c.want {
			return fmt.Errorf("%s: %s: the answer is %d instead of %d", d.front, c.what, status, c.want)
		}
	}
	refused(d.front+": requests", "answered with errors")
	return b.works()
}

// works writes and reads a page.
func (b *blockDevice) works() error {
	out, in := b.page(0), b.page(1)
	for i := range out {
		out[i] = byte(rand.Uint32())
	}
	clear(in)
	for _, r := range []blkif.Request{
		blkif.Transfer(blkif.OpWrite, 8, 0, []blkif.Segment{b.segment(0)}), blkif.Transfer(blkif.OpRead, 9, 0, []blkif.Segment{b.segment(1)}),
	} {
		if status, err := b.ask(r); err != nil || status != blkif.StatusOK {
			return fmt.Errorf("%s: a sound request: status %d: %w", b.front, status, err)
		}
	}
	if !bytes.Equal(out, in) {
		return fmt.Errorf("%s: something else is read than was written", b.front)
	}
	return nil
}

// diskWorks connects after all that, and uses the disk.
func diskWorks(d *device) error {
	return d.works(func() error {
		b, err := connectDisk(d)
		if err == nil {
			err = b.works()
		}
		return err
	})
}

// diskAhead moves its index further than the ring is long.
func diskAhead(d *device) error {
	return diskIndex(d, "an index beyond the ring", func(n uint32) uint32 {
		return n + uint32(ring.Slots[blkif.Request, blkif.Response](frontend.PageSize)) + 1
	})
}

// diskBack moves it back.
func diskBack(d *device) error {
	return diskIndex(d, "an index that goes back", func(n uint32) uint32 { return n - 1 })
}

func diskIndex(d *device, what string, move func(uint32) uint32) error {
	b, err := connectDisk(d)
	if err != nil {
		return err
	}
	if err := b.works(); err != nil {
		return err
	}
	h := ring.HeaderOf(b.memory.Memory)
	atomic.StoreUint32(&h.ReqProd, move(atomic.LoadUint32(&h.ReqProd)))
	b.notify()
	return b.disconnected(what, ring.ErrIndex.Error())
}

// diskIntoItself has the back end read into the ring that it reads from: what it finds there then is an impossible index.
func diskIntoItself(d *device) error {
	b, err := connectDisk(d)
	if err != nil {
		return err
	}
	page := b.page(0)
	for i := 0; i < len(page); i += 4 {
		binary.LittleEndian.PutUint32(page[i:], 0x7fff_0000)
	}
	status, err := b.ask(blkif.Transfer(blkif.OpWrite, 1, 0, []blkif.Segment{b.segment(0)}))
	if err != nil || status != blkif.StatusOK {
		return fmt.Errorf("%s: status %d: %w", d.front, status, err)
	}
	into := blkif.Transfer(blkif.OpRead, 2, 0, []blkif.Segment{{Ref: b.memory.Refs[0], Last: 7}})
	b.ring.Put(&into)
	b.ring.Push()
	b.notify()
	return b.disconnectedWhile("a ring that is read into", ring.ErrIndex.Error(), b.notify)
}

// disconnectedWhile is disconnected while something is done again and again.
func (d *device) disconnectedWhile(what, why string, do func()) error {
	var over atomic.Bool
	var doing sync.WaitGroup
	doing.Go(func() {
		for !over.Load() {
			do()
			d.event()
		}
	})
	err := d.disconnected(what, why)
	over.Store(true)
	doing.Wait()
	return err
}
