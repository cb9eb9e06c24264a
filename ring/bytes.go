package ring

import "sync/atomic"

// Bytes is one direction of a byte ring, as one of its ends sees it: the producer calls Put, the consumer Take. One
// goroutine at a time may use it.
//
// There is no hold-off: a producer notifies when it has put bytes, a consumer when it has made room.
type Bytes struct {
	buffer []byte
	own    *uint32 // the index that this end writes
	peers  *uint32 // the one that it reads

	at   uint32 // what own says, and is not read back from
	seen uint32 // what peers said last
	dead bool
}

// Producer is the writing end of a byte ring. It begins where the ring's producer index is. The buffer's size is a power of
// two; Producer panics if it isn't.
func Producer(buffer []byte, prod, cons *uint32) Bytes {
	b := end(buffer, prod, cons)
	b.seen = b.at - uint32(len(buffer)) // all consumers' indices but those of the last round are impossible
	return b
}

// Consumer is the reading end of a byte ring. It begins where the ring's consumer index is. The buffer's size is a power of
// two; Consumer panics if it isn't.
func Consumer(buffer []byte, prod, cons *uint32) Bytes {
	b := end(buffer, cons, prod)
	b.seen = b.at
	return b
}

func end(buffer []byte, own, peers *uint32) Bytes {
	if len(buffer) == 0 || len(buffer)&(len(buffer)-1) != 0 {
		panic("a byte ring's size is not a power of two")
	}
	return Bytes{buffer: buffer, own: own, peers: peers, at: atomic.LoadUint32(own)}
}

// Put puts as many of the bytes as there is room for, and returns how many. The error is ErrIndex.
func (b *Bytes) Put(p []byte) (n int, err error) {
	cons, err := b.look(b.at)
	if err != nil {
		return 0, err
	}
	room := len(b.buffer) - int(b.at-cons)
	p = p[:min(len(p), room)]
	for n < len(p) {
		n += copy(b.buffer[b.index(n):], p[n:])
	}
	b.advance(n)
	return n, nil
}

// Take takes as many bytes as there are, and returns how many. The error is ErrIndex.
func (b *Bytes) Take(p []byte) (n int, err error) {
	prod, err := b.look(b.at + uint32(len(b.buffer)))
	if err != nil {
		return 0, err
	}
	p = p[:min(len(p), int(prod-b.at))]
	for n < len(p) {
		n += copy(p[n:], b.buffer[b.index(n):])
	}
	b.advance(n)
	return n, nil
}

func (b *Bytes) index(n int) int { return int(b.at+uint32(n)) & (len(b.buffer) - 1) }

// advance shows the peer what was put or taken: the bytes are written, or read, before the index is.
func (b *Bytes) advance(n int) {
	if n > 0 {
		b.at += uint32(n)
		atomic.StoreUint32(b.own, b.at)
	}
}

// look reads the peer's index, which lies between the one seen last and a limit.
func (b *Bytes) look(limit uint32) (uint32, error) {
	index := atomic.LoadUint32(b.peers) // before the bytes
	if b.dead || limit-index > limit-b.seen {
		b.dead = true
		return 0, ErrIndex
	}
	b.seen = index
	return index, nil
}
