package model

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/blkif"
)

// DiskConfig is what a disk is like.
type DiskConfig struct {
	Size       int // in bytes
	SectorSize int // 0 is 512
	ReadOnly   bool
	Persistent bool // keeps what it maps
	Flush      bool
	Barrier    bool
	Discard    bool
	Indirect   int // the most segments of an indirect request; 0: there are none
	RingOrder  int // the ring has up to 1 << RingOrder pages

	// ByHand has the test do the back end's work: sessions come to Disk.Sessions.
	ByHand bool
}

// Disk is a back end for a block device, and what is on it.
type Disk struct {
	end
	config DiskConfig

	Sessions chan *DiskSession // with ByHand

	mu      sync.Mutex // for what follows
	data    []byte
	paused  chan struct{} // not nil while requests are left alone
	fail    bool
	flushes int
}

// NewDisk plugs a disk in.
func NewDisk(m Machine, id string, config DiskConfig) *Disk {
	d := &Disk{config: config, data: make([]byte, config.Size), Sessions: make(chan *DiskSession, 4)}
	d.config.SectorSize = max(config.SectorSize, 512)
	flag := map[bool]string{false: "0", true: "1"}
	features := map[string]string{
		"feature-persistent": flag[config.Persistent], "feature-flush-cache": flag[config.Flush],
		"feature-barrier": flag[config.Barrier], "feature-discard": flag[config.Discard],
		"max-ring-page-order": strconv.Itoa(config.RingOrder),
	}
	if config.Indirect > 0 {
		features["feature-max-indirect-segments"] = strconv.Itoa(config.Indirect)
	}
	info := 0
	if config.ReadOnly {
		info = blkif.InfoReadOnly
	}
	properties := map[string]string{
		"sectors": strconv.Itoa(config.Size / 512), "sector-size": strconv.Itoa(d.config.SectorSize), "info": strconv.Itoa(info),
	}
	d.attach(m, hypercall.XenbusStateInitialised, "vbd", id, nil, features, properties, d.connected)
	return d
}

// Pause has the disk take no requests until the function that it returns is called.
func (d *Disk) Pause() (resume func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	paused := make(chan struct{})
	d.paused = paused
	return func() {
		d.mu.Lock()
		d.paused = nil
		d.mu.Unlock()
		close(paused)
	}
}

// Fail has all requests fail from now on, or no longer.
func (d *Disk) Fail(fail bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = fail
}

// Data is a copy of what is on the disk.
func (d *Disk) Data() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.data...)
}

// Flushes is how many flushes were asked for.
func (d *Disk) Flushes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flushes
}

// DiskSession is a disk's connection with a front end.
type DiskSession struct {
	Ring    blkif.Back
	Memory  []byte // of the ring
	Channel frontend.Channel

	disk *Disk
	refs []hypercall.GrantRef
	kept map[hypercall.GrantRef][]byte // persistent mappings
	done sync.WaitGroup

	command blkif.Command // the last one
}

// connected maps what the front end proposes.
func (d *Disk) connected() (session, error) {
	s := &DiskSession{disk: d, kept: map[hypercall.GrantRef][]byte{}}
	if got := d.Front("protocol"); got != "x86_64-abi" {
		return nil, fmt.Errorf("protocol %q", got)
	}
	names := []string{"ring-ref"}
	if d.Front("ring-page-order") != "" {
		order, err := d.number("ring-page-order")
		if err != nil || int(order) > d.config.RingOrder {
			return nil, fmt.Errorf("a ring of order %d", order)
		}
		names = nil
		for i := range 1 << order {
			names = append(names, fmt.Sprintf("ring-ref%d", i))
		}
	}
	for _, name := range names {
		ref, err := d.number(name)
		if err != nil {
			return nil, err
		}
		s.refs = append(s.refs, hypercall.GrantRef(ref))
	}
	var err error
	if s.Memory, err = d.machine.Map(true, s.refs...); err != nil {
		return nil, err
	}
	if s.Channel, err = d.bind(); err != nil {
		d.machine.Unmap(s.refs...)
		return nil, err
	}
	s.Ring = ring.MakeBack[blkif.Request, blkif.Response](s.Memory)
	if d.config.ByHand {
		d.Sessions <- s
	} else {
		s.done.Go(s.serve)
	}
	return s, nil
}

func (s *DiskSession) close() {
	_ = s.Channel.Close()
	s.done.Wait()
	for ref := range s.kept {
		s.disk.machine.Unmap(ref)
	}
	s.disk.machine.Unmap(s.refs...)
}

// serve takes requests and answers them, until the channel is closed or the front end misbehaves.
func (s *DiskSession) serve() {
	for s.Channel.Wait(context.Background()) == nil {
		for more := true; more; {
			if s.disk.isDead() {
				return
			}
			s.disk.wait()
			var req blkif.Request
			for {
				ok, err := s.Ring.Take(&req)
				if err != nil {
					s.disk.Close()
					return
				}
				if !ok {
					break
				}
				rsp := s.Handle(&req)
				s.Ring.Put(&rsp)
			}
			if s.Ring.Push() {
				_ = s.Channel.Notify()
			}
			var err error
			if more, err = s.Ring.FinalCheck(); err != nil {
				s.disk.Close()
				return
			}
		}
	}
}

func (d *Disk) wait() {
	d.mu.Lock()
	paused := d.paused
	d.mu.Unlock()
	if paused != nil {
		<-paused
	}
}

// Handle does what a request asks for, and makes the response.
func (s *DiskSession) Handle(req *blkif.Request) blkif.Response {
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	err := s.command.Decode(req, d.config.Indirect)
	rsp := blkif.Response{ID: s.command.ID, Op: s.command.Op}
	if err == nil && d.fail {
		err = errFail
	}
	if err == nil {
		err = s.do(&s.command)
	}
	switch {
	case errors.Is(err, blkif.ErrOp):
		rsp.Status = blkif.StatusUnsupported
	case err != nil:
		rsp.Status = blkif.StatusError
	}
	return rsp
}

var errFail = errors.New("the test demands it")

// do does what a command asks for.
func (s *DiskSession) do(c *blkif.Command) error {
	d := s.disk
	for _, ref := range c.Pages {
		page, unmap, err := s.page(ref)
		if err != nil {
			return err
		}
		c.Listing(page)
		unmap()
	}
	n, err := c.Sectors(uint64(len(d.data) / blkif.SectorSize))
	switch {
	case err != nil:
		return err
	case c.Op == blkif.OpRead, c.Op == blkif.OpWrite:
		return s.transfer(c)
	case c.Op == blkif.OpFlush && d.config.Flush, c.Op == blkif.OpBarrier && d.config.Barrier:
		d.flushes++
	case c.Op == blkif.OpDiscard && d.config.Discard:
		clear(d.data[c.Sector*blkif.SectorSize:][:n*blkif.SectorSize])
	default:
		return blkif.ErrOp
	}
	return nil
}

// transfer copies between the disk and segments.
func (s *DiskSession) transfer(c *blkif.Command) error {
	d := s.disk
	if c.Op == blkif.OpWrite && d.config.ReadOnly {
		return fmt.Errorf("read-only")
	}
	at := int(c.Sector) * blkif.SectorSize
	for _, seg := range c.Segments {
		offset, n := seg.Bytes()
		if n%d.config.SectorSize != 0 || at%d.config.SectorSize != 0 {
			return fmt.Errorf("%d bytes at %d", n, at)
		}
		page, unmap, err := s.page(seg.Ref)
		if err != nil {
			return err
		}
		if part := page[offset:][:n]; c.Op == blkif.OpRead {
			copy(part, d.data[at:])
		} else {
			copy(d.data[at:], part)
		}
		unmap()
		at += n
	}
	return nil
}

// page maps a page, for good if the disk keeps what it maps.
func (s *DiskSession) page(ref hypercall.GrantRef) (page []byte, unmap func(), err error) {
	if page := s.kept[ref]; page != nil {
		return page, func() {}, nil
	}
	if page, err = s.disk.machine.Map(true, ref); err != nil {
		return nil, nil, err
	}
	if s.disk.config.Persistent {
		s.kept[ref] = page
		return page, func() {}, nil
	}
	return page, func() { s.disk.machine.Unmap(ref) }, nil
}
