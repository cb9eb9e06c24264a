package sockets

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/seqnum"

	"tuco/guestlib/netfront"
)

// stranger is the other end of a connection, whose segments the test makes.
type stranger struct {
	*testing.T
	wire         *wire
	port, remote uint16
	next, got    seqnum.Value // the next byte that it sends, and the next that it waits for
	room         seqnum.Value // as far as it takes what comes
	told         seqnum.Value // what the program's end says that it has
	scale        int          // of that end's windows
	offered      seqnum.Value // as far as that has ever offered to take something
}

const (
	scale     = 7           // of the stranger's own windows
	segment   = 11 << scale // the most that it sends in one, and takes
	smallRoom = 3 * segment // what it takes before the program's end has to wait
	handshake = header.TCPFlagSyn | header.TCPFlagAck
)

var strangerAddress, programAddress = tcpip.AddrFrom4([4]byte{192, 0, 2, 2}), tcpip.AddrFrom4([4]byte{192, 0, 2, 1})

// strange gives a program a network with a stranger.
func strange(p *program) *stranger {
	near, far := newWire()
	p.attach(near, "192.0.2.1/24")
	mac := far.Info().MAC
	for id, info := range p.table.network().NICInfo() {
		if info.Name == "eth0" {
			require.Nil(p, p.table.network().AddStaticNeighbor(id, ipv4.ProtocolNumber, strangerAddress, tcpip.LinkAddress(mac[:])))
		}
	}
	return &stranger{T: p.T, wire: far, port: 5000, remote: 80, next: 1000}
}

// send sends a segment, which acknowledges all that has come.
func (s *stranger) send(flags header.TCPFlags, data string) {
	s.Helper()
	room := s.got.Size(s.room) >> scale
	var options []byte
	if flags.Contains(header.TCPFlagSyn) {
		room = smallRoom
		options = make([]byte, header.TCPOptionMSSLength+header.TCPOptionWSLength+1)
		n := header.EncodeMSSOption(segment, options)
		header.EncodeWSOption(scale, options[n:])
	}
	size := header.TCPMinimumSize + len(options)
	frame := make([]byte, header.EthernetMinimumSize+header.IPv4MinimumSize+size+len(data))
	from, to := s.wire.Info().MAC, s.wire.out.Info().MAC
	header.Ethernet(frame).Encode(&header.EthernetFields{SrcAddr: tcpip.LinkAddress(from[:]), DstAddr: tcpip.LinkAddress(to[:]), Type: ipv4.ProtocolNumber})
	ip := header.IPv4(frame[header.EthernetMinimumSize:])
	ip.Encode(&header.IPv4Fields{TotalLength: uint16(len(ip)), TTL: 64, Protocol: uint8(header.TCPProtocolNumber), SrcAddr: strangerAddress, DstAddr: programAddress})
	ip.SetChecksum(^ip.CalculateChecksum())
	tcp := header.TCP(ip[header.IPv4MinimumSize:])
	copy(tcp[header.TCPMinimumSize:], options)
	copy(tcp[size:], data)
	tcp.Encode(&header.TCPFields{
		SrcPort: s.port, DstPort: s.remote, SeqNum: uint32(s.next), AckNum: uint32(s.got), DataOffset: uint8(size), Flags: flags, WindowSize: uint16(room),
	})
	sum := checksum.Checksum([]byte(data), header.PseudoHeaderChecksum(header.TCPProtocolNumber, strangerAddress, programAddress, uint16(len(tcp))))
	tcp.SetChecksum(^tcp.CalculateChecksum(sum))
	_, err := s.wire.Send([]netfront.Frame{{Data: frame}})
	require.NoError(s, err)
	s.next = s.next.Add(seqnum.Size(len(data)))
	if flags.Contains(header.TCPFlagSyn) {
		s.next++
	}
}

// until takes what comes until something is so.
func (s *stranger) until(what string, so func() bool) {
	s.Helper()
	late := time.After(time.Minute)
	for !so() {
		select {
		case frame := <-s.wire.in:
			if header.Ethernet(frame).Type() == ipv4.ProtocolNumber {
				s.take(header.TCP(header.IPv4(frame[header.EthernetMinimumSize:]).Payload()))
			}
		case <-late:
			require.FailNow(s, "there was never "+what)
		}
	}
}

// take takes a segment.
func (s *stranger) take(tcp header.TCP) {
	seq, window := seqnum.Value(tcp.SequenceNumber()), int(tcp.WindowSize())<<s.scale
	if tcp.Flags().Contains(header.TCPFlagSyn) {
		options := header.ParseSynOptions(tcp.Options(), tcp.Flags().Contains(header.TCPFlagAck))
		s.remote, s.got, s.scale = tcp.SourcePort(), seq+1, max(options.WS, 0)
		s.room = s.got.Add(smallRoom)
	} else if n := len(tcp.Payload()); n > 0 && seq == s.got {
		s.got = seq.Add(seqnum.Size(n))
		s.send(header.TCPFlagAck, "")
	}
	if tcp.Flags().Contains(header.TCPFlagAck) {
		s.told = seqnum.Value(tcp.AckNumber())
		if edge := s.told.Add(seqnum.Size(window)); s.offered.LessThan(edge) {
			s.offered = edge
		}
	}
}

// connects connects it to the program, which listens.
func (s *stranger) connects(p *program, buffer int) (fd int) {
	listener := p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	if buffer > 0 {
		require.Zero(p, p.setOption(listener, syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffer))
	}
	require.Zero(p, p.bind(listener, name4(192, 0, 2, 1, s.remote)))
	p.listen(listener)
	s.send(header.TCPFlagSyn, "")
	s.until("an answer", func() bool { return s.told == s.next })
	s.send(header.TCPFlagAck, "")
	return p.accept(listener)
}

// accepts has the program connect to it.
func (s *stranger) accepts(p *program, buffer int) (fd int) {
	fd = p.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	if buffer > 0 {
		require.Zero(p, p.setOption(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffer))
	}
	require.Equal(p, syscall.EINPROGRESS, p.connect(fd, name4(192, 0, 2, 2, s.port)))
	s.until("a connection", func() bool { return s.got != 0 })
	s.send(handshake, "")
	s.until("an answer", func() bool { return s.told == s.next })
	p.wait(fd, epollOut)
	return fd
}

// Both ends' windows are full, and the program doesn't read before it has sent something. The other end has sent all that it was ever offered, and goes on behind that: its
// acknowledgement is heard nevertheless, and the program sends.
func TestBothWindowsFull(t *testing.T) {
	for name, test := range map[string]struct {
		open   func(*stranger, *program, int) int
		buffer int
	}{
		"accepted":                      {(*stranger).connects, 0},
		"connected":                     {(*stranger).accepts, 0},
		"accepted, with a large buffer": {(*stranger).connects, 1 << 20},
		"connected, with a large one":   {(*stranger).accepts, 1 << 20},
		"accepted, with a small buffer": {(*stranger).connects, 10000},
		"connected, with a small one":   {(*stranger).accepts, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			s := strange(p)
			fd := test.open(s, p, test.buffer)
			p.write(fd, strings.Repeat("answer", smallRoom))
			s.until("a full window here", func() bool { return s.got == s.room })

			const last = "the end" // what is on its way when the program's end says that its window is full
			data := ""
			for limit := seqnum.Value(0); limit != s.offered; {
				limit = s.offered
				for end := limit - seqnum.Value(len(last)); s.next.LessThan(end); {
					some := strings.Repeat("question", segment/8)[:min(segment, s.next.Size(end))]
					s.send(header.TCPFlagAck, some)
					data += some
				}
				s.until("an acknowledgement", func() bool { return s.told == s.next })
			}
			s.send(header.TCPFlagAck|header.TCPFlagPsh, last)
			s.room = s.room.Add(smallRoom)
			s.send(header.TCPFlagAck, "")
			s.until("more, though there is room for it", func() bool { return s.got == s.room })
			require.Equal(t, data+last, p.read(fd, len(data+last)))
		})
	}
}
