package start

import (
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
)

// A pipe keeps bytes in a ring.
type pipe struct {
	buffer      uint64 // address of memory that appears when it is touched
	first, size uint64
	in, out     uint64 // descriptors of its ends; 0: closed
}

const (
	pipeSize = 64 << 10
	maxPipes = maxDescriptors / 2
)

var pipes [maxPipes]pipe

func pipe2(to, flags uint64) uint64 {
	for i := range pipes {
		p := &pipes[i]
		if p.in != 0 || p.out != 0 {
			continue
		}
		out, reader := open(pipeOut, flags)
		if reader == nil {
			return out
		}
		in, writer := open(pipeIn, flags)
		buffer, ok := mm.Map(0, pipeSize, mm.ReadWrite, false)
		if writer == nil || !ok {
			*reader = descriptor{}
			return failed(emfile)
		}
		*p = pipe{buffer: buffer, in: in, out: out}
		reader.number, writer.number = uint16(i), uint16(i)
		*at[[2]uint32](to) = [2]uint32{uint32(out), uint32(in)}
		return 0
	}
	return failed(emfile)
}

// pipe is the pipe of an end.
func (d *descriptor) pipe() *pipe { return &pipes[d.number] }

// key is what threads wait for that read or write.
func (p *pipe) key() uint64 { return hypercalls.Address(p) }

func (p *pipe) bytes() []byte { return bytesAt(p.buffer, pipeSize) }

// changed wakes who waits for an end.
func (p *pipe) changed(end uint64, edges uint32) {
	sched.Wake(p.key(), sched.MaxThreads)
	if d := find(end); d != nil {
		d.happened(edges)
	}
}

// receive is a read.
func (d *descriptor) receive(to []byte) uint64 {
	p := d.pipe()
	for p.size == 0 {
		switch {
		case p.in == 0 || len(to) == 0:
			return 0
		case d.nonblocking:
			return failed(eagain)
		}
		if e := await(p.key(), 0, &tables); e != 0 {
			return e
		}
	}
	n := 0
	for n < len(to) && p.size > 0 {
		m := copy(to[n:], p.bytes()[p.first:min(p.first+p.size, pipeSize)])
		n += m
		p.first = (p.first + uint64(m)) % pipeSize
		p.size -= uint64(m)
	}
	p.changed(p.in, pollOut)
	return uint64(n)
}

// send is a write.
func (d *descriptor) send(from []byte) uint64 {
	p := d.pipe()
	n := 0
	for n < len(from) {
		switch {
		case p.out == 0:
			return failed(epipe)
		case p.size < pipeSize:
			at := (p.first + p.size) % pipeSize
			m := copy(p.bytes()[at:min(at+pipeSize-p.size, pipeSize)], from[n:])
			n += m
			p.size += uint64(m)
			p.changed(p.out, pollIn)
			continue
		case d.nonblocking && n > 0:
			return uint64(n)
		case d.nonblocking:
			return failed(eagain)
		}
		switch e := await(p.key(), 0, &tables); {
		case e != 0 && n > 0:
			return uint64(n)
		case e != 0:
			return e
		}
	}
	return uint64(n)
}

// closeEnd closes one end. What is in the pipe can still be read.
func (p *pipe) closeEnd(k kind) {
	if k == pipeIn {
		p.in = 0
		p.changed(p.out, pollIn|pollHangUp|pollReadHangUp)
	} else {
		p.out = 0
		p.changed(p.in, pollOut|pollError)
	}
	if p.in == 0 && p.out == 0 {
		mm.Unmap(p.buffer, pipeSize)
	}
}
