package model

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"tuco/control/virtio"
)

// Request is what a device was given: the bytes that it reads, and the pieces that it may write.
type Request struct {
	Queue int
	Read  []byte
	Write [][]byte
}

// Fill puts bytes into what may be written, and returns how many there was room for.
func (r *Request) Fill(p []byte) (n int) {
	for _, w := range r.Write {
		n += copy(w, p[n:])
	}
	return n
}

// Device is a virtio device. Its fields are set before a driver gets it.
type Device struct {
	Memory   *Memory
	Offers   uint64 // features
	Sizes    []uint16
	Fields   []byte                                    // its configuration
	Serve    func(*Request) (written int)              // does a request; negative: keeps it, for ever
	Raise    func()                                    // interrupts the driver
	Stuck    bool                                      // it doesn't reset
	Choosy   bool                                      // it refuses features
	Restless bool                                      // its configuration never comes to rest
	Return   func(id, written uint32) (uint32, uint32) // changes what it says that it did
	Skip     uint16                                    // it says that it has done this many more than it has

	mu       sync.Mutex
	accepted uint64
	status   uint8
	rest     uint8
	queues   [8]queue
	wants    atomic.Bool
}

type queue struct {
	size                   uint16
	table, available, used uint64
	seen, done             uint16
	kept                   []uint16 // chains, the oldest first
}

// Features implements virtio.Transport, and so do the others.
func (d *Device) Features() uint64 { return d.Offers }

func (d *Device) Accept(features uint64) { d.accepted = features }

// Accepted is what the driver has accepted.
func (d *Device) Accepted() uint64 { return d.accepted }

func (d *Device) Status() uint8 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Choosy {
		return d.status &^ virtio.StatusFeaturesOK
	}
	return d.status
}

func (d *Device) SetStatus(status uint8) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if status == 0 && d.Stuck {
		return
	}
	d.status = status
	if status == 0 {
		d.queues, d.accepted = [8]queue{}, 0
	}
}

func (d *Device) QueueSize(queue int) uint16 {
	if queue >= len(d.Sizes) {
		return 0
	}
	return d.Sizes[queue]
}

func (d *Device) Install(number int, size uint16, table, available, used uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queues[number] = queue{size: size, table: table, available: available, used: used}
	return nil
}

func (d *Device) Config(offset, width int) (value uint64) {
	for i := range width {
		if offset+i < len(d.Fields) {
			value |= uint64(d.Fields[offset+i]) << (8 * i)
		}
	}
	return value
}

func (d *Device) Generation() uint8 {
	if d.Restless {
		d.rest++
	}
	return d.rest
}

func (d *Device) Interrupt() (queues, config bool) { return d.wants.Swap(false), false }

// Notify does what is in a queue, before it returns.
func (d *Device) Notify(number int) {
	if d.work(number) {
		d.wants.Store(true)
		if d.Raise != nil {
			d.Raise()
		}
	}
}

// work does all requests of a queue. It tells whether the driver wants an interrupt for them.
func (d *Device) work(number int) (interrupt bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := &d.queues[number]
	if q.size == 0 || d.status&virtio.StatusDriverOK == 0 {
		panic(fmt.Sprintf("model: queue %d was notified before the device was ready", number))
	}
	events := d.accepted&virtio.FeatureEvents != 0
	before := q.done
	for {
		if q.seen == uint16(*d.word(q.available, 0)>>16) {
			if events { // wants to be told of the next, and looks once more
				atomic.StoreUint32(d.word(q.used, 4+8*int(q.size)), uint32(q.seen))
			}
			if q.seen == uint16(atomic.LoadUint32(d.word(q.available, 0))>>16) {
				break
			}
		}
		head := binary.LittleEndian.Uint16(d.Memory.at(q.available+4+2*uint64(q.seen%q.size), 2))
		q.seen++
		if written := d.Serve(d.request(number, q, head)); written >= 0 {
			d.finish(q, uint32(head), uint32(written))
		} else {
			q.kept = append(q.kept, head)
		}
	}
	return d.wanted(q, before)
}

// Deliver does requests that were kept, as long as serve does, and interrupts the driver.
func (d *Device) Deliver(number int, serve func(*Request) (written int)) {
	d.mu.Lock()
	q := &d.queues[number]
	before := q.done
	for len(q.kept) > 0 {
		written := serve(d.request(number, q, q.kept[0]))
		if written < 0 {
			break
		}
		d.finish(q, uint32(q.kept[0]), uint32(written))
		q.kept = q.kept[1:]
	}
	interrupt := d.wanted(q, before)
	d.mu.Unlock()
	if interrupt {
		d.wants.Store(true)
		d.Raise()
	}
}

// wanted tells whether the driver wants an interrupt for what was done.
func (d *Device) wanted(q *queue, before uint16) bool {
	events := d.accepted&virtio.FeatureEvents != 0
	if q.done == before {
		return false
	}
	if events {
		event := uint16(atomic.LoadUint32(d.word(q.available, 4+2*int(q.size))))
		return q.done-event-1 < q.done-before
	}
	return atomic.LoadUint32(d.word(q.available, 0))&1 == 0
}

// request follows a chain.
func (d *Device) request(number int, q *queue, head uint16) *Request {
	r := &Request{Queue: number}
	for i, at := 0, head; ; i++ {
		if at >= q.size || i == int(q.size) {
			panic(fmt.Sprintf("model: the chain of descriptor %d runs in a circle, or out of the table", head))
		}
		entry := d.Memory.at(q.table+16*uint64(at), 16)
		memory := d.Memory.at(binary.LittleEndian.Uint64(entry), int(binary.LittleEndian.Uint32(entry[8:])))
		flags := binary.LittleEndian.Uint16(entry[12:])
		switch {
		case flags&2 != 0:
			r.Write = append(r.Write, memory)
		case r.Write != nil:
			panic("model: a buffer to read behind one to write")
		default:
			r.Read = append(r.Read, memory...)
		}
		if flags&1 == 0 {
			return r
		}
		at = binary.LittleEndian.Uint16(entry[14:])
	}
}

// finish returns a chain.
func (d *Device) finish(q *queue, id, written uint32) {
	if d.Return != nil {
		id, written = d.Return(id, written)
	}
	at := 4 + 8*int(q.done%q.size)
	atomic.StoreUint32(d.word(q.used, at), id)
	atomic.StoreUint32(d.word(q.used, at+4), written)
	q.done++
	flags := atomic.LoadUint32(d.word(q.used, 0)) & 1
	atomic.StoreUint32(d.word(q.used, 0), flags|uint32(q.done+d.Skip)<<16)
}

func (d *Device) word(page uint64, offset int) *uint32 {
	return (*uint32)(unsafe.Pointer(&d.Memory.at(page+uint64(offset), 4)[0]))
}
