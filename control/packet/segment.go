package packet

import "encoding/binary"

// Segmenter cuts a frame into TCP segments, all with their checksums.
type Segmenter struct {
	frame *Frame
	info  *Info
	next  int // where in the frame the next segment's data begin
	count uint16
}

// Cut begins to cut a frame. The frame was checked.
func (info *Info) Cut(f *Frame) Segmenter { return Segmenter{frame: f, info: info, next: info.Payload} }

// Length is how long the next segment is, 0 if there is none.
func (s *Segmenter) Length() int {
	left := min(s.info.End-s.next, int(s.frame.MSS))
	if left <= 0 {
		return 0
	}
	return s.info.Payload + left
}

// Next writes the next segment, which has the Length that was asked for, and room for it in b.
func (s *Segmenter) Next(b []byte) Frame {
	info, headers := *s.info, s.info.Payload
	b = b[:s.Length()]
	info.End = len(b)
	copy(b, s.frame.Data[:headers])
	from := s.next
	s.next += copy(b[headers:], s.frame.Data[from:s.info.End])

	ip := b[info.Network:]
	if info.EtherType == IPv4 {
		const totalLength, identification = 2, 4
		binary.BigEndian.PutUint16(ip[totalLength:], uint16(len(ip)))
		binary.BigEndian.PutUint16(ip[identification:], binary.BigEndian.Uint16(ip[identification:])+s.count)
		FillIPv4(ip)
	} else {
		const payloadLength = 4
		binary.BigEndian.PutUint16(ip[payloadLength:], uint16(len(ip)-ipv6Len))
	}

	const sequence, flags = 4, 13
	tcp := b[info.Transport:]
	binary.BigEndian.PutUint32(tcp[sequence:], binary.BigEndian.Uint32(tcp[sequence:])+uint32(from-headers))
	if from > headers {
		tcp[flags] &^= CWR // the first one says it (RFC 3168)
	}
	if s.next < s.info.End {
		tcp[flags] &^= FIN | PSH // the last one says it
	}
	s.count++
	fill(b, &info)
	return Frame{Data: b, Checked: true}
}
