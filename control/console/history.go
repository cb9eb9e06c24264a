package console

// history is the last bytes that were written.
type history struct {
	bytes []byte
	end   uint64 // of all that was ever written
}

func newHistory(size int) history { return history{bytes: make([]byte, size)} }

func (h *history) add(p []byte) {
	size := uint64(len(h.bytes))
	if skip := len(p) - len(h.bytes); skip > 0 {
		p, h.end = p[skip:], h.end+uint64(skip)
	}
	for len(p) > 0 {
		n := copy(h.bytes[h.end%size:], p)
		p, h.end = p[n:], h.end+uint64(n)
	}
}

// since is what was written from a place on, and where that really begins: what is older than the history is gone.
func (h *history) since(from uint64) (p []byte, begin uint64) {
	size := uint64(len(h.bytes))
	begin = max(min(from, h.end), h.end-min(h.end, size))
	p = make([]byte, 0, h.end-begin)
	for at := begin; at < h.end; {
		n := min(size-at%size, h.end-at)
		p = append(p, h.bytes[at%size:][:n]...)
		at += n
	}
	return p, begin
}
