package klog

// ringSize is how much of the log is kept in memory, in bytes. A power of two.
const ringSize = 16 << 10

var ring struct {
	written uint64 // bytes ever written; the next goes to written % ringSize
	buf     [ringSize]byte
}

func record(text []byte) {
	for _, b := range text {
		ring.buf[ring.written%ringSize] = b
		ring.written++
	}
}

// Replay hands what the ring still holds to sink, oldest first, in one or two
// pieces. Lines that are logged meanwhile wait.
func Replay(sink func(text []byte)) {
	acquire()
	start := uint64(0)
	if ring.written > ringSize {
		start = ring.written - ringSize
	}
	for start < ring.written {
		from := start % ringSize
		n := min(ring.written-start, ringSize-from)
		sink(ring.buf[from : from+n])
		start += n
	}
	release()
}
