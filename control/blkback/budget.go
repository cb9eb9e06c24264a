package blkback

import (
	"math/bits"
	"sync"

	"tuco/control/backend"
	"tuco/ring/blkif"
)

// job is a request that is under way.
type job struct {
	command blkif.Command
	copies  []backend.Copy // room for them
	pages   []*page        // room for those that are mapped
	buffer  *buffer
	data    []byte // of the buffer, as much as the request's segments may need
}

// buffer is memory for a request's data: a power of two of pages.
type buffer struct{ bytes []byte }

// What is not in use: memory that all devices share. Buffers are kept by the logarithm of their pages.
var (
	jobs    = sync.Pool{New: func() any { return new(job) }}
	buffers [bits.UintSize]sync.Pool
)

// reserve gets memory for the data of the job's command.
func (j *job) reserve() {
	pages := max(len(j.command.Segments), j.command.Listed)
	if pages == 0 {
		return
	}
	order := order(pages)
	b, ok := buffers[order].Get().(*buffer)
	if !ok {
		b = &buffer{make([]byte, backend.PageSize<<order)}
	}
	j.buffer, j.data = b, b.bytes[:pages*backend.PageSize]
}

func (j *job) free() {
	if j.buffer != nil {
		buffers[order(len(j.buffer.bytes)/backend.PageSize)].Put(j.buffer)
		j.buffer, j.data = nil, nil
	}
	clear(j.copies)
	clear(j.pages)
	j.copies, j.pages = j.copies[:0], j.pages[:0]
	jobs.Put(j)
}

// order is the logarithm of a number of pages, rounded up.
func order(pages int) int { return bits.Len(uint(pages - 1)) }

// budget is how much memory the requests under way may use.
type budget struct {
	mu   sync.Mutex
	free sync.Cond // some became free
	used int
	jobs int
}

// take waits until there is room, or nothing is under way.
func (b *budget) take(bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.jobs > 0 && b.used+bytes > maxUnderWay {
		b.free.Wait()
	}
	b.used += bytes
	b.jobs++
}

func (b *budget) give(bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= bytes
	b.jobs--
	b.free.Broadcast()
}

// idle waits until nothing is under way.
func (b *budget) idle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.jobs > 0 {
		b.free.Wait()
	}
}
