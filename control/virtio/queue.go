package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

var (
	// ErrFull says that a queue has too few free descriptors.
	ErrFull = errors.New("the queue is full")
	// ErrDevice says that a device did what no device may, and has to be reset.
	ErrDevice = errors.New("the device is broken")
)

// MaxQueue is the most descriptors of a queue.
const MaxQueue = PageSize / descriptorSize

// The table of descriptors.
const (
	descriptorSize = 16
	flagNext       = 1 << 0
	flagWrite      = 1 << 1
)

// The rings. Each begins with 16 bits of flags and an index of 16 bits, which are one word here.
const (
	ringEntries     = 4
	availableSize   = 2
	usedSize        = 8
	noNotifications = 1 << 0 // the flag, of both rings
	indexShift      = 16
	nobody          = -1 // in chains: this descriptor begins none that the device has
)

// Queue is a split virtqueue. One goroutine at a time may use it.
type Queue struct {
	table, available, used Page

	size   uint16
	events bool // VIRTIO_F_EVENT_IDX

	free   []uint16 // descriptors that the device has not
	chains []chain  // by their first descriptor
	next   []uint16 // by descriptor, the next of its chain

	put     uint16 // chains below it have been put
	pushed  uint16 // the device knows of those below it
	taken   uint16 // those that have come back below it have been taken
	waiting int    // how many the device has
	broken  error
}

// chain is what the device was given as one.
type chain struct {
	token  int // the driver's name for it; nobody
	length uint16
	room   uint32 // how much the device may write, in bytes
}

// NewQueue makes a queue of some descriptors, a power of two up to MaxQueue. The device doesn't know it yet. It fails where there is no memory.
func NewQueue(memory Memory, size int, events bool) (*Queue, error) {
	if size <= 0 || size > MaxQueue || size&(size-1) != 0 {
		return nil, fmt.Errorf("a queue can't have %d descriptors: it takes a power of two up to %d", size, MaxQueue)
	}
	q := &Queue{size: uint16(size), events: events, free: make([]uint16, size), chains: make([]chain, size), next: make([]uint16, size)}
	pages := []*Page{&q.table, &q.available, &q.used}
	for i, p := range pages {
		var err error
		if *p, err = memory.Page(); err != nil {
			for _, p := range pages[:i] {
				memory.Free(*p)
			}
			return nil, fmt.Errorf("a queue of %d descriptors: %w", size, err)
		}
	}
	for i := range q.free {
		q.free[i] = uint16(size - 1 - i) // a stack: the few that are in use are always the same
		q.chains[i].token = nobody
	}
	return q, nil
}

// Release gives back the queue's memory. The device was reset before.
func (q *Queue) Release(memory Memory) {
	for _, p := range []Page{q.table, q.available, q.used} {
		memory.Free(p)
	}
	q.broken = fmt.Errorf("%w: its queue was released", ErrDevice)
}

// Size is how many descriptors the queue has; Free how many of them can be put; Waiting how many chains the device has.
func (q *Queue) Size() int    { return int(q.size) }
func (q *Queue) Free() int    { return len(q.free) }
func (q *Queue) Waiting() int { return q.waiting }

// Put puts a request of some buffers, for the next Push: those that the device reads first, as it wants them. The token, which is not negative, is what Take will
// call it. The error is ErrFull or ErrDevice.
func (q *Queue) Put(token int, buffers ...Buffer) error {
	if q.broken != nil {
		return q.broken
	}
	if len(buffers) == 0 || token < 0 {
		panic("virtio: a request of nothing, or with no token")
	}
	if len(buffers) > len(q.free) {
		return ErrFull
	}
	rest := len(q.free) - len(buffers)
	taken := q.free[rest:]
	c := chain{token: token, length: uint16(len(buffers))}
	for i, b := range buffers {
		d := taken[len(taken)-1-i]
		var flags, next uint16
		if i+1 < len(buffers) {
			flags, next = flagNext, taken[len(taken)-2-i]
		}
		if b.Write {
			flags |= flagWrite
			c.room += b.Length
		}
		q.next[d] = next
		at := q.table.Bytes[int(d)*descriptorSize:][:descriptorSize]
		binary.LittleEndian.PutUint64(at, b.Bus)
		binary.LittleEndian.PutUint32(at[8:], b.Length)
		binary.LittleEndian.PutUint16(at[12:], flags)
		binary.LittleEndian.PutUint16(at[14:], next)
	}
	head := taken[len(taken)-1]
	q.free, q.chains[head] = q.free[:rest], c
	binary.LittleEndian.PutUint16(q.available.Bytes[ringEntries+availableSize*int(q.put%q.size):], head)
	q.put++
	q.waiting++
	return nil
}

// Push shows the device what has been put. It tells whether the device wants to be notified.
func (q *Queue) Push() (notify bool) {
	before := q.pushed
	if before == q.put {
		return false
	}
	q.pushed = q.put
	// The entries are seen before the index, and the index before the device's wish is read.
	atomic.StoreUint32(word(q.available, 0), q.flags()|uint32(q.put)<<indexShift)
	if q.events {
		event := uint16(atomic.LoadUint32(word(q.used, ringEntries+usedSize*int(q.size))))
		return q.put-event-1 < q.put-before
	}
	return atomic.LoadUint32(word(q.used, 0))&noNotifications == 0
}

// flags are what stands beside the index of the available ring.
func (q *Queue) flags() uint32 {
	return atomic.LoadUint32(word(q.available, 0)) & noNotifications // only this side writes it
}

// Take takes a request that the device has done with, if there is one: its token, and how many bytes the device says that it wrote, which is never more than
// it had room for. The error is ErrDevice, for good.
func (q *Queue) Take() (token int, written uint32, ok bool, err error) {
	there, err := q.look()
	if err != nil || there == 0 {
		return 0, 0, false, err
	}
	at := ringEntries + usedSize*int(q.taken%q.size)
	id, written := atomic.LoadUint32(word(q.used, at)), atomic.LoadUint32(word(q.used, at+4))
	if id >= uint32(q.size) || q.chains[id].token == nobody {
		return 0, 0, false, q.fail("it returned descriptor %d, which it didn't have", id)
	}
	c := &q.chains[id]
	if written > c.room {
		return 0, 0, false, q.fail("it wrote %d bytes where there was room for %d", written, c.room)
	}
	token = c.token
	c.token = nobody
	for d, n := uint16(id), c.length; n > 0; n-- {
		q.free = append(q.free, d)
		d = q.next[d]
	}
	q.taken++
	q.waiting--
	return token, written, true, nil
}

// Await comes before sleep: from now on the device interrupts when it has done with something; and more tells that it has already, so that
// there may be no interrupt. The error is ErrDevice.
func (q *Queue) Await() (more bool, err error) {
	// The wish is seen before the index is read.
	if q.events {
		atomic.StoreUint32(word(q.available, ringEntries+availableSize*int(q.size)), uint32(q.taken))
	} else {
		atomic.StoreUint32(word(q.available, 0), uint32(q.pushed)<<indexShift)
	}
	there, err := q.look()
	return there > 0, err
}

// Hush asks for no interrupts before the next Await. The device may give some nevertheless.
func (q *Queue) Hush() {
	if !q.events { // with events, the wish stays behind what comes, and that is a hush
		atomic.StoreUint32(word(q.available, 0), noNotifications|uint32(q.pushed)<<indexShift)
	}
}

// look reads the device's index. There can't be more than it has been given.
func (q *Queue) look() (there uint16, err error) {
	if q.broken != nil {
		return 0, q.broken
	}
	index := uint16(atomic.LoadUint32(word(q.used, 0)) >> indexShift) // before the entries below it
	there = index - q.taken
	if int(there) > q.waiting-int(q.put-q.pushed) {
		return 0, q.fail("it says that it has done %d requests, of %d", there, q.waiting)
	}
	return there, nil
}

// fail ends the queue.
func (q *Queue) fail(format string, args ...any) error {
	q.broken = fmt.Errorf("%w: "+format, append([]any{ErrDevice}, args...)...)
	return q.broken
}

// word is a word of a page, which both sides may use.
func word(p Page, offset int) *uint32 {
	return (*uint32)(unsafe.Pointer(&p.Bytes[offset : offset+4][0]))
}
