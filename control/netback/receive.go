package netback

import (
	"bytes"
	"sync"
	"unsafe"

	"tuco/control/backend"
	"tuco/control/packet"
	"tuco/ring/netif"
)

// How much may wait for empty pages.
const (
	waitingBytes  = 512 << 10
	waitingFrames = 512
)

// receiver is the half by which the guest receives.
type receiver struct {
	session *session
	takes   packet.Takes
	scatter bool

	mu     sync.Mutex
	closed bool
	ring   netif.RXBack
	empty  []netif.RXRequest // pages that were taken, for which nothing came yet; the oldest first
	queue  []packet.Frame    // that wait
	queued int               // bytes of those

	// What is to be done with the next flush.
	copies  []backend.Copy
	answers []answer
	frames  []pending
}

// answer is what a request gets: the response if its frame can be copied, or else an error, for which the ID is needed.
type answer struct {
	id       uint16
	response netif.RXResponse
}

// pending is a frame among what is to be flushed: where its copies and answers end.
type pending struct{ copies, answers int }

// deliver gives frames to the guest.
func (r *receiver) deliver(frames []packet.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for i := range frames {
		f := &frames[i]
		if !r.fits(f) {
			r.session.nic.Stats.Unfit.Add(1)
			continue
		}
		if len(r.queue) > 0 || !r.put(f) {
			r.wait(f)
		}
		if r.closed {
			return // the guest's index is impossible
		}
	}
	r.flush()
	for r.drain() { // pages that came too early to be told of; there are no more of them than the ring has
	}
}

// fits tells whether the guest can take a frame. One that comes while it connects anew may be for what it was before.
func (r *receiver) fits(f *packet.Frame) bool {
	if !r.scatter && (len(f.Data) > backend.PageSize || f.Segments != packet.Whole) {
		return false
	}
	info, err := packet.Parse(f.Data)
	return err == nil && info.Fits(f, r.takes)
}

// wait has a frame wait, or drops it.
func (r *receiver) wait(f *packet.Frame) {
	if len(r.queue) >= waitingFrames || r.queued+len(f.Data) > waitingBytes {
		r.session.nic.Stats.Dropped.Add(1)
		return
	}
	later := *f
	later.Data = bytes.Clone(f.Data)
	r.queue = append(r.queue, later)
	r.queued += len(later.Data)
}

// work gives the guest what waits, after an event. It tells whether it gave anything, and whether there may be more to do, without one.
func (r *receiver) work() (gave, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false, false
	}
	before := len(r.queue)
	more = r.drain()
	return len(r.queue) < before, more
}

// drain gives the guest what waits. If something goes on waiting, the guest tells when it has empty pages, or more is true.
func (r *receiver) drain() (more bool) {
	if len(r.queue) == 0 {
		return false
	}
	n := 0
	for n < len(r.queue) && r.put(&r.queue[n]) {
		r.queued -= len(r.queue[n].Data)
		n++
	}
	if r.closed {
		return false // the guest's index is impossible
	}
	r.flush()
	r.queue = r.queue[:copy(r.queue, r.queue[n:])]
	clear(r.queue[len(r.queue) : len(r.queue)+n])
	if len(r.queue) == 0 {
		return false
	}
	more, err := r.ring.FinalCheck()
	if err != nil {
		r.fail(err)
	}
	return more
}

// put prepares a frame for the next flush. It tells whether there are enough empty pages.
func (r *receiver) put(f *packet.Frame) bool {
	first := firstPart(f.Data)
	pages := 1 + (len(f.Data)-first+backend.PageSize-1)/backend.PageSize
	extra := 0
	if f.Segments != packet.Whole {
		extra = 1
	}
	if !r.have(pages + extra) {
		return false
	}
	data := f.Data
	for i := range pages {
		request, size := r.next(), min(len(data), backend.PageSize)
		if i == 0 {
			size = first
		}
		r.copies = append(r.copies, backend.Copy{Ref: request.Ref, Local: data[:size], Out: true})
		response := netif.RXResponse{ID: request.ID, Status: netif.Status(size)}
		if i == 0 {
			response.Flags = flagsOf(f)
		}
		if data = data[size:]; len(data) > 0 {
			response.Flags |= netif.RXMoreData
		}
		r.answers = append(r.answers, answer{request.ID, response})
		if i == 0 && extra > 0 {
			r.answers = append(r.answers, answer{r.next().ID, gsoOf(f).Extra().RXSlot()})
		}
	}
	r.frames = append(r.frames, pending{len(r.copies), len(r.answers)})
	return true
}

// headersMax is how long a frame's headers can be: Ethernet's, IPv6's or IPv4's with options, TCP's with options.
const headersMax = 14 + 60 + 60

// firstPart is how much of a frame goes into the first page: one that needs several is cut where our own pages end, since the hypervisor
// would copy a part that lies in two of them in two pieces. All headers are in the first page, though: Linux panics where it finds less than Ethernet's
// there, and where our pages end is what the sending guest has chosen.
func firstPart(data []byte) int {
	if len(data) <= backend.PageSize {
		return len(data)
	}
	if n := backend.PageSize - int(uintptr(unsafe.Pointer(&data[0]))%backend.PageSize); n >= headersMax {
		return n
	}
	return backend.PageSize
}

// have sees to it that there are some empty pages. It tells whether there are.
func (r *receiver) have(n int) bool {
	for len(r.empty) < n {
		var request netif.RXRequest
		ok, err := r.ring.Take(&request)
		if err != nil {
			r.fail(err)
		}
		if !ok || err != nil {
			return false
		}
		r.empty = append(r.empty, request)
	}
	return true
}

// next is the oldest empty page.
func (r *receiver) next() netif.RXRequest {
	request := r.empty[0]
	r.empty = r.empty[:copy(r.empty, r.empty[1:])]
	return request
}

// flagsOf is what a frame's first response says of it.
func flagsOf(f *packet.Frame) (flags netif.RXFlags) {
	if f.Checked || f.Blank {
		flags |= netif.RXDataValidated
	}
	if f.Blank {
		flags |= netif.RXChecksumBlank
	}
	if f.Segments != packet.Whole {
		flags |= netif.RXExtraFollows
	}
	return flags
}

// gsoOf is how a frame is to be cut.
func gsoOf(f *packet.Frame) netif.GSO {
	kind := netif.GSOTCPv4
	if f.Segments == packet.TCPv6 {
		kind = netif.GSOTCPv6
	}
	return netif.GSO{Type: kind, Size: f.MSS}
}

// flush has the hypervisor copy what was prepared, and answers for it.
func (r *receiver) flush() {
	if len(r.frames) == 0 || r.closed {
		return
	}
	stats := &r.session.nic.Stats
	r.session.machine.Copy(r.session.guest, r.copies)
	var from pending
	for _, to := range r.frames {
		good := copied(r.copies[from.copies:to.copies])
		if good {
			stats.Received.Add(1)
		} else {
			stats.CopyErrors.Add(1)
		}
		for i := range r.answers[from.answers:to.answers] {
			a := &r.answers[from.answers+i]
			if !good {
				a.response = netif.RXResponse{ID: a.id, Status: netif.StatusError}
			}
			r.ring.Put(&a.response)
		}
		from = to
	}
	clear(r.copies) // they keep nobody's frames
	r.copies, r.answers, r.frames = r.copies[:0], r.answers[:0], r.frames[:0]
	if r.ring.Push() {
		r.session.notify()
	}
}

// fail ends the session: the guest's index is impossible.
func (r *receiver) fail(err error) {
	r.closed, r.queue, r.queued = true, nil, 0
	r.session.fail(backend.Misbehaved("%w", err))
}

// close ends the work for good.
func (r *receiver) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.queue, r.queued = true, nil, 0
}
