package files

import (
	"slices"
	"sync"
	"syscall"

	"tuco/guestlib/ramfs"
	"tuco/guestlib/soft"
)

// A pipe keeps bytes in a ring.
type pipe struct {
	numbers numbers

	lock    sync.Mutex
	changed sync.Cond // for those who wait in a call, not in the poller
	buffer  []byte
	first   int
	size    int
	ends    [2]struct {
		open    int // files
		opens   int // files, ever
		numbers []int
	}
}

// The ends of a pipe.
const (
	out = iota // where it is read
	in         // where it is written to
)

// Linux' limits.
const (
	pipeSize   = 64 << 10
	pipeAtomic = 4096 // what is written in one go so far isn't torn apart
)

func newPipe(n numbers) *pipe {
	p := &pipe{numbers: n}
	p.changed.L = &p.lock
	return p
}

// pipeEnd is a file's share of a pipe: an end, or both.
type pipeEnd struct {
	*pipe
	has   [2]bool
	ended func() // when nobody has the pipe open any more; may be nil
}

func (p *pipe) open(has [2]bool, ended func()) *pipeEnd {
	e := &pipeEnd{p, has, ended}
	p.lock.Lock()
	for i := range has {
		if has[i] {
			p.ends[i].open++
			p.ends[i].opens++
		}
	}
	p.tell()
	p.lock.Unlock()
	return e
}

func (e *pipeEnd) seekable() bool { return false }
func (e *pipeEnd) polled() bool   { return true }

func (e *pipeEnd) opened(number int) {
	e.lock.Lock()
	defer e.lock.Unlock()
	for i := range e.has {
		if e.has[i] {
			e.ends[i].numbers = append(e.ends[i].numbers, number)
		}
	}
	e.tell()
}

func (e *pipeEnd) closed(number int) {
	e.lock.Lock()
	defer e.lock.Unlock()
	for i := range e.has {
		if e.has[i] {
			e.ends[i].numbers = slices.DeleteFunc(e.ends[i].numbers, func(n int) bool { return n == number })
		}
	}
}

func (e *pipeEnd) end(*file) {
	e.lock.Lock()
	for i := range e.has {
		if e.has[i] {
			e.ends[i].open--
		}
	}
	last := e.ends[in].open+e.ends[out].open == 0
	e.tell()
	e.lock.Unlock()
	if last && e.ended != nil {
		e.ended()
	}
}

// tell tells all who wait what the pipe is ready for.
func (p *pipe) tell() {
	p.changed.Broadcast()
	var ready [2]soft.Ready
	if p.size > 0 {
		ready[out] |= soft.In
	}
	if p.ends[in].open == 0 && p.ends[in].opens > 0 {
		ready[out] |= soft.In | soft.HangUp | soft.ReadHangUp
	}
	if pipeSize-p.size >= pipeAtomic {
		ready[in] |= soft.Out
	}
	if p.ends[out].open == 0 && p.ends[out].opens > 0 {
		ready[in] |= soft.Out | soft.Error
	}
	const all = soft.In | soft.Out | soft.HangUp | soft.ReadHangUp | soft.Error
	for i := range p.ends {
		for _, number := range p.ends[i].numbers {
			p.numbers.lower(number, uint32(all&^ready[i]))
			p.numbers.raise(number, uint32(ready[i]))
		}
	}
}

func (e *pipeEnd) read(f *file, to []byte, _ int64) (int, syscall.Errno) {
	wait := f.status()&syscall.O_NONBLOCK == 0
	e.lock.Lock()
	defer e.lock.Unlock()
	for e.size == 0 {
		switch {
		case e.ends[in].open == 0 || len(to) == 0:
			return 0, 0
		case !wait:
			return 0, syscall.EAGAIN
		}
		e.changed.Wait()
	}
	n := 0
	for n < len(to) && e.size > 0 {
		m := copy(to[n:], e.buffer[e.first:min(e.first+e.size, pipeSize)])
		n += m
		e.first = (e.first + m) % pipeSize
		e.size -= m
	}
	e.tell()
	return n, 0
}

func (e *pipeEnd) write(f *file, from []byte, _ int64, _ bool) (n int, _ int64, _ syscall.Errno) {
	wait := f.status()&syscall.O_NONBLOCK == 0
	e.lock.Lock()
	defer e.lock.Unlock()
	if e.buffer == nil {
		e.buffer = make([]byte, pipeSize)
	}
	for n < len(from) {
		room, rest := pipeSize-e.size, len(from)-n
		switch {
		case e.ends[out].open == 0 && n == 0:
			return 0, 0, syscall.EPIPE
		case e.ends[out].open == 0:
			return n, 0, 0
		case room > 0 && (room >= rest || len(from) > pipeAtomic):
			at := (e.first + e.size) % pipeSize
			m := copy(e.buffer[at:min(at+room, pipeSize)], from[n:])
			n += m
			e.size += m
			e.tell()
		case !wait && n > 0:
			return n, 0, 0
		case !wait:
			return 0, 0, syscall.EAGAIN
		default:
			e.changed.Wait()
		}
	}
	return n, 0, 0
}

// pipe makes one.
func (p *process) pipe(flags int) (numbers [2]int, err syscall.Errno) {
	if flags&^(syscall.O_NONBLOCK|syscall.O_CLOEXEC) != 0 {
		return numbers, syscall.EINVAL
	}
	pipe := newPipe(p.numbers)
	files := [2]*file{
		newFile(nil, pipe.open([2]bool{out: true}, nil), flags|syscall.O_RDONLY),
		newFile(nil, pipe.open([2]bool{in: true}, nil), flags|syscall.O_WRONLY),
	}
	for i, f := range files {
		if numbers[i], err = p.add(f, 0, false, flags&syscall.O_CLOEXEC != 0); err != 0 {
			if i > 0 {
				p.remove(numbers[0])
			}
			return numbers, err
		}
	}
	return numbers, 0
}

// openNamed opens a named pipe. It waits until the other end is open, unless O_NONBLOCK is set; to write is ENXIO then.
func (p *process) openNamed(n *ramfs.Node, f *file) (object, syscall.Errno) {
	has, wait := [2]bool{out: f.readable(), in: f.writable()}, f.flags&syscall.O_NONBLOCK == 0
	p.lock.Lock()
	pipe := p.pipes[n]
	switch {
	case pipe == nil && !wait && !has[out]:
		p.lock.Unlock()
		return nil, syscall.ENXIO
	case pipe == nil:
		pipe = newPipe(p.numbers)
		p.pipes[n] = pipe
	}
	pipe.lock.Lock()
	alone := pipe.ends[out].open == 0
	pipe.lock.Unlock()
	if !wait && !has[out] && alone {
		p.lock.Unlock()
		return nil, syscall.ENXIO
	}
	e := pipe.open(has, func() { p.forget(n, pipe) })
	p.lock.Unlock()
	if !wait || has[in] && has[out] {
		return e, 0
	}
	other := in
	if has[in] {
		other = out
	}
	pipe.lock.Lock()
	defer pipe.lock.Unlock()
	for opens := pipe.ends[other].opens; pipe.ends[other].open == 0 && pipe.ends[other].opens == opens; {
		pipe.changed.Wait()
	}
	return e, 0
}

// forget drops a named pipe that nobody has open: what is in it is lost.
func (p *process) forget(n *ramfs.Node, pipe *pipe) {
	p.lock.Lock()
	defer p.lock.Unlock()
	pipe.lock.Lock()
	defer pipe.lock.Unlock()
	if p.pipes[n] == pipe && pipe.ends[in].open+pipe.ends[out].open == 0 {
		delete(p.pipes, n)
	}
}
