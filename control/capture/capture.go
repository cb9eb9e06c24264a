// Package capture records the frames of a switch's port, for tcpdump and Wireshark to look at.
//
// A [Ring] is a tap: it copies the beginning of each frame into memory of a fixed size, the oldest frames making way, and does
// nothing else, since frames wait meanwhile. Who wants to see them reads at its own pace: what is there ([Ring.Dump]), or what comes
// as well ([Ring.Stream]). A reader that is too slow loses frames, and is told how many; the port's traffic is not slower for it.
//
// The format is pcap with times in nanoseconds. A segment that is still to be cut is one frame, and a checksum that was not
// computed is recorded as it is: Wireshark calls it wrong, as it does on every machine whose network card does the sums.
package capture

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"tuco/control/packet"
	"tuco/control/vswitch"
)

// Ring holds the frames seen last. It implements [vswitch.Tap].
type Ring struct {
	now     func() time.Time
	snaplen int

	mu     sync.Mutex
	more   sync.Cond
	memory []byte

	// Positions count bytes from the beginning of time, and numbers frames.
	start, end  uint64
	first, next uint64
}

// A record is a header and the bytes captured. The header has the time, how many bytes were captured, and the frame's length.
const recordHeader = 16

// New makes a ring of a size in bytes, which keeps up to snaplen bytes of each frame; 0 is all of it. Time comes from now.
func New(size, snaplen int, now func() time.Time) (*Ring, error) {
	const most = 1 << 28
	if snaplen == 0 {
		snaplen = packet.MaxFrame
	}
	if snaplen < packet.HeaderLen || snaplen > packet.MaxFrame {
		return nil, fmt.Errorf("%d bytes of a frame can't be captured: use %d to %d", snaplen, packet.HeaderLen, packet.MaxFrame)
	}
	if size < recordHeader+snaplen || size > most {
		return nil, fmt.Errorf("a capture can't have %d bytes: use %d to %d", size, recordHeader+snaplen, most)
	}
	r := &Ring{now: now, snaplen: snaplen, memory: make([]byte, size)}
	r.more.L = &r.mu
	return r, nil
}

// Frames implements [vswitch.Tap].
func (r *Ring) Frames(_ vswitch.Direction, frames []packet.Frame) {
	at := uint64(r.now().UnixNano())
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range frames {
		data := frames[i].Data[:min(len(frames[i].Data), r.snaplen)]
		r.makeRoom(recordHeader + len(data))
		var h [recordHeader]byte
		binary.LittleEndian.PutUint64(h[0:], at)
		binary.LittleEndian.PutUint32(h[8:], uint32(len(data)))
		binary.LittleEndian.PutUint32(h[12:], uint32(len(frames[i].Data)))
		r.put(h[:])
		r.put(data)
		r.next++
	}
	r.more.Broadcast()
}

// makeRoom gives up the oldest frames.
func (r *Ring) makeRoom(n int) {
	for uint64(len(r.memory))-(r.end-r.start) < uint64(n) {
		var h [recordHeader]byte
		r.get(h[:], r.start)
		r.start += recordHeader + uint64(binary.LittleEndian.Uint32(h[8:]))
		r.first++
	}
}

func (r *Ring) put(b []byte) {
	at := r.end % uint64(len(r.memory))
	copy(r.memory, b[copy(r.memory[at:], b):])
	r.end += uint64(len(b))
}

func (r *Ring) get(b []byte, from uint64) {
	at := from % uint64(len(r.memory))
	copy(b[copy(b, r.memory[at:]):], r.memory)
}

// reader is who reads a ring.
type reader struct {
	ring     *Ring
	position uint64
	number   uint64
	lost     uint64
	data     []byte
}

// read takes the next frame, if there is one. Data are the reader's until the next call.
func (s *reader) read() (info gopacket.CaptureInfo, data []byte, ok bool) {
	r := s.ring
	if s.number < r.first {
		s.lost += r.first - s.number
		s.number, s.position = r.first, r.start
	}
	if s.number == r.next {
		return info, nil, false
	}
	var h [recordHeader]byte
	r.get(h[:], s.position)
	captured := int(binary.LittleEndian.Uint32(h[8:]))
	s.data = slices.Grow(s.data[:0], captured)[:captured]
	r.get(s.data, s.position+recordHeader)
	s.position += recordHeader + uint64(captured)
	s.number++
	return gopacket.CaptureInfo{
		Timestamp:     time.Unix(0, int64(binary.LittleEndian.Uint64(h[0:]))).UTC(),
		CaptureLength: captured, Length: int(binary.LittleEndian.Uint32(h[12:])),
	}, s.data, true
}

// reader begins at the oldest frame.
func (r *Ring) reader() *reader { return &reader{ring: r, position: r.start, number: r.first} }

// Dump writes the frames that the ring holds when it begins, as a pcap file. It returns how many others came between, too many to
// be kept until they were written. The error is the writer's.
func (r *Ring) Dump(w io.Writer) (lost uint64, err error) {
	r.mu.Lock()
	s, end := r.reader(), r.next
	r.mu.Unlock()
	err = s.write(w, func() bool { return s.number < end })
	return s.lost, err
}

// Stream writes the frames that the ring holds, and all that come, as a pcap file, until the context ends: that is no error.
// It returns how many it lost because the writer was too slow. The error is the writer's.
func (r *Ring) Stream(ctx context.Context, w io.Writer) (lost uint64, err error) {
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.more.Broadcast()
	})
	defer stop()
	r.mu.Lock()
	s := r.reader()
	r.mu.Unlock()
	err = s.write(w, func() bool {
		for s.number >= r.next && ctx.Err() == nil {
			r.more.Wait()
		}
		return ctx.Err() == nil
	})
	return s.lost, err
}

// write writes frames as long as there is another; that is asked with the lock held.
func (s *reader) write(w io.Writer, another func() bool) error {
	file := pcapgo.NewWriterNanos(w)
	if err := file.WriteFileHeader(uint32(s.ring.snaplen), layers.LinkTypeEthernet); err != nil {
		return err
	}
	for {
		s.ring.mu.Lock()
		ok := another()
		var info gopacket.CaptureInfo
		var data []byte
		if ok {
			info, data, ok = s.read()
		}
		s.ring.mu.Unlock()
		if !ok {
			return nil
		}
		if err := file.WritePacket(info, data); err != nil {
			return err
		}
	}
}
