package model

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"unsafe"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
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
		info = hypercall.VDISK_READONLY
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
	Ring    ring.Back[hypercall.BlkifRequest, hypercall.BlkifResponse]
	Memory  []byte // of the ring
	Channel frontend.Channel

	disk *Disk
	refs []hypercall.GrantRef
	kept map[hypercall.GrantRef][]byte   // persistent mappings
	list []hypercall.BlkifRequestSegment // of the last indirect request
	done sync.WaitGroup
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
	s.Ring = ring.MakeBack[hypercall.BlkifRequest, hypercall.BlkifResponse](s.Memory)
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
			var req hypercall.BlkifRequest
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
func (s *DiskSession) Handle(req *hypercall.BlkifRequest) hypercall.BlkifResponse {
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	rsp := hypercall.BlkifResponse{ID: req.ID, Operation: req.Operation, Status: hypercall.BLKIF_RSP_OKAY}
	var err error
	switch op := req.Operation; {
	case d.fail:
		rsp.Status = hypercall.BLKIF_RSP_ERROR
	case op == hypercall.BLKIF_OP_READ || op == hypercall.BLKIF_OP_WRITE:
		if n := int(req.NrSegments); n == 0 || n > len(req.Seg) {
			err = fmt.Errorf("%d segments", n)
		} else {
			err = s.transfer(op, req.SectorNumber, req.Seg[:n])
		}
	case op == hypercall.BLKIF_OP_INDIRECT && d.config.Indirect > 0:
		indirect := (*hypercall.BlkifRequestIndirect)(unsafe.Pointer(req))
		rsp.Operation = indirect.IndirectOp
		rsp.ID = indirect.ID
		err = s.indirect(indirect)
	case op == hypercall.BLKIF_OP_FLUSH_DISKCACHE && d.config.Flush, op == hypercall.BLKIF_OP_WRITE_BARRIER && d.config.Barrier:
		d.flushes++
	case op == hypercall.BLKIF_OP_DISCARD && d.config.Discard:
		discard := (*hypercall.BlkifRequestDiscard)(unsafe.Pointer(req))
		if discard.SectorNumber+discard.NrSectors > uint64(len(d.data)/512) {
			err = fmt.Errorf("discard beyond the end")
			break
		}
		clear(d.data[discard.SectorNumber*512:][:discard.NrSectors*512])
	default:
		rsp.Status = hypercall.BLKIF_RSP_EOPNOTSUPP
	}
	if err != nil {
		rsp.Status = hypercall.BLKIF_RSP_ERROR
	}
	return rsp
}

// transfer copies between the disk and segments.
func (s *DiskSession) transfer(op uint8, sector uint64, segments []hypercall.BlkifRequestSegment) error {
	d := s.disk
	if op == hypercall.BLKIF_OP_WRITE && d.config.ReadOnly {
		return fmt.Errorf("read-only")
	}
	at := int(sector) * 512
	for _, seg := range segments {
		if seg.FirstSect > seg.LastSect || seg.LastSect > 7 {
			return fmt.Errorf("sectors %d to %d", seg.FirstSect, seg.LastSect)
		}
		n := (int(seg.LastSect) - int(seg.FirstSect) + 1) * 512
		if n%d.config.SectorSize != 0 || at%d.config.SectorSize != 0 || at+n > len(d.data) {
			return fmt.Errorf("%d bytes at %d", n, at)
		}
		page, unmap, err := s.page(seg.GRef)
		if err != nil {
			return err
		}
		if part := page[int(seg.FirstSect)*512:][:n]; op == hypercall.BLKIF_OP_READ {
			copy(part, d.data[at:])
		} else {
			copy(d.data[at:], part)
		}
		unmap()
		at += n
	}
	return nil
}

// indirect finds the segments in pages.
func (s *DiskSession) indirect(req *hypercall.BlkifRequestIndirect) error {
	const perPage = frontend.PageSize / int(unsafe.Sizeof(hypercall.BlkifRequestSegment{}))
	n := int(req.NrSegments)
	if n == 0 || n > s.disk.config.Indirect {
		return fmt.Errorf("%d segments", n)
	}
	s.list = s.list[:0]
	for _, ref := range req.IndirectGRefs[:(n+perPage-1)/perPage] {
		page, unmap, err := s.page(ref)
		if err != nil {
			return err
		}
		list := (*[perPage]hypercall.BlkifRequestSegment)(unsafe.Pointer(&page[0]))
		s.list = append(s.list, list[:min(perPage, n-len(s.list))]...)
		unmap()
	}
	return s.transfer(req.IndirectOp, req.SectorNumber, s.list)
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
