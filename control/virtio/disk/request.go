package disk

import (
	"encoding/binary"
	"fmt"

	"tuco/control/virtio"
)

// Op is what is to be done.
type Op uint32

// What a disk does.
const (
	Read    Op = 0
	Write   Op = 1
	Flush   Op = 4
	Discard Op = 11
)

// A slot in the page of headers: the request's header, what is to be discarded, and the byte that the device answers in.
const (
	slotSize   = 64
	rangeAt    = 16
	statusAt   = 40
	headerSize = 16
	rangeSize  = 16
)

// The device's answers.
const (
	statusOK          = 0
	statusIO          = 1
	statusUnsupported = 2
	statusNone        = 0xff // there was no answer
)

// Segment is memory of a request: whole sectors in one piece.
type Segment struct {
	Bus    uint64
	Length uint32
}

// Do reads or writes as many sectors as the memory has room for, which is at most Info.Segments pieces; or flushes, with no memory. When it
// returns, the device has done with the memory. Only whole sectors of the device's are read and written.
func (d *Disk) Do(op Op, sector uint64, segments ...Segment) error {
	var length uint64
	for _, s := range segments {
		if s.Length == 0 || s.Length%SectorSize != 0 {
			return fmt.Errorf("a piece of %d bytes: %w", s.Length, ErrRange)
		}
		length += uint64(s.Length)
	}
	switch {
	case op == Flush && !d.info.Flush:
		return d.failed()
	case op != Read && op != Write && op != Flush:
		return fmt.Errorf("a disk doesn't do %d", op)
	case len(segments) > d.info.Segments:
		return fmt.Errorf("%d pieces of memory, and the disk takes %d", len(segments), d.info.Segments)
	case (len(segments) == 0) != (op == Flush):
		return fmt.Errorf("%d pieces of memory for request %d: %w", len(segments), op, ErrRange)
	}
	if err := d.check(op, sector, length/SectorSize); err != nil {
		return err
	}
	var buffers [maxPieces]virtio.Buffer
	for i, s := range segments {
		buffers[i] = virtio.Buffer{Bus: s.Bus, Length: s.Length, Write: op == Read}
	}
	return d.do(op, sector, buffers[:len(segments)], 0)
}

// Discard tells that some sectors are not needed any more.
func (d *Disk) Discard(sector, sectors uint64) error {
	if err := d.check(Discard, sector, sectors); err != nil || d.info.Discard == 0 {
		return err
	}
	for sectors > 0 {
		n := min(sectors, d.info.Discard)
		if err := d.do(Discard, sector, nil, uint32(n)); err != nil {
			return err
		}
		sector, sectors = sector+n, sectors-n
	}
	return nil
}

// check tells whether a range is on the disk and may be changed.
func (d *Disk) check(op Op, sector, sectors uint64) error {
	unit := uint64(d.info.SectorSize / SectorSize)
	switch {
	case op != Read && op != Flush && d.info.ReadOnly:
		return ErrReadOnly
	case sector > d.info.Sectors || sectors > d.info.Sectors-sector || sector%unit != 0 || sectors%unit != 0:
		return fmt.Errorf("%d sectors at %d, of %d: %w", sectors, sector, d.info.Sectors, ErrRange)
	}
	return nil
}

// do puts a request and waits for its end.
func (d *Disk) do(op Op, sector uint64, data []virtio.Buffer, discard uint32) error {
	d.mu.Lock()
	for d.err == nil && (len(d.free) == 0 || d.queue.Free() < len(data)+3) {
		d.changed.Wait()
	}
	if d.err != nil {
		defer d.mu.Unlock()
		return d.err
	}
	n := d.free[len(d.free)-1]
	at := uint64(n * slotSize)
	memory := d.headers.Bytes[at:][:slotSize]
	clear(memory)
	binary.LittleEndian.PutUint32(memory, uint32(op))
	var buffers [maxPieces + 3]virtio.Buffer
	buffers[0] = virtio.Buffer{Bus: d.headers.Bus + at, Length: headerSize}
	all := append(buffers[:1], data...)
	if op == Discard {
		binary.LittleEndian.PutUint64(memory[rangeAt:], sector)
		binary.LittleEndian.PutUint32(memory[rangeAt+8:], discard)
		all = append(all, virtio.Buffer{Bus: d.headers.Bus + at + rangeAt, Length: rangeSize})
	} else {
		binary.LittleEndian.PutUint64(memory[8:], sector)
	}
	memory[statusAt] = statusNone
	all = append(all, virtio.Buffer{Bus: d.headers.Bus + at + statusAt, Length: 1, Write: true})
	err := d.queue.Put(n, all...)
	if err == nil {
		d.free = d.free[:len(d.free)-1]
		d.slots[n].busy = true
		d.requests++
		if d.queue.Push() {
			d.doorbell++
			d.transport.Notify(0)
		}
	} else {
		d.fail(err)
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	err = <-d.slots[n].done
	d.mu.Lock()
	d.free = append(d.free, n)
	d.changed.Broadcast()
	d.mu.Unlock()
	return err
}

// Interrupted takes what the device has done. It is called after an interrupt; also for nothing.
func (d *Disk) Interrupted() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.err == nil {
		n, _, ok, err := d.queue.Take()
		if err == nil && !ok {
			if ok, err = d.queue.Await(); err == nil && !ok {
				return
			}
			continue
		}
		if err != nil {
			d.fail(err)
			return
		}
		d.slots[n].end(result(d.headers.Bytes[n*slotSize+statusAt]))
	}
}

// end tells whoever waits for a request how it ended.
func (s *slot) end(err error) {
	s.busy = false
	s.done <- err
}

// result is what an answer means.
func result(status byte) error {
	switch status {
	case statusOK:
		return nil
	case statusIO:
		return ErrIO
	case statusUnsupported:
		return fmt.Errorf("%w: it doesn't know the request", ErrIO)
	}
	return fmt.Errorf("%w: it answers %#x", ErrIO, status)
}

// failed is why nothing is done any more, if so.
func (d *Disk) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// fail ends all, for a reason. The lock is held.
func (d *Disk) fail(err error) {
	if d.err != nil {
		return
	}
	d.err = err
	d.changed.Broadcast()
	if virtio.Reset(d.transport) != nil {
		d.stuck = true
		return
	}
	for i := range d.slots {
		if d.slots[i].busy {
			d.slots[i].end(err)
		}
	}
}

// Close ends the use of the device, and gives its memory back. Calls that wait fail with ErrClosed. It fails where the device doesn't reset:
// then the memory stays with it.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail(ErrClosed)
	if d.stuck {
		return fmt.Errorf("%w: it doesn't reset, and keeps %d pages", virtio.ErrDevice, len(d.all)+4)
	}
	for len(d.bounce) < len(d.all) { // calls that copy are about to give their pages back
		d.changed.Wait()
	}
	if d.queue != nil {
		d.release()
		d.queue = nil
	}
	return nil
}
