package sockets

import (
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// Windows of TCP are counted in bytes here, and not in the larger units of RFC 7323. netstack rounds a window down to whole units, and so takes back
// some bytes that it has offered. A peer that has sent these already goes on behind them, outside of a window that is 0 now, and there netstack drops
// its acknowledgements too. Nothing mends that but a program that reads: one that first has to send, which needs the acknowledgements, waits for ever.
const (
	mostWindow    = 1<<16 - 1      // what the field of a segment holds
	receiveBuffer = 2 * mostWindow // netstack offers half of its buffer, the rest being for what it costs to keep segments
)

// limitWindows has the stack choose the unit for what mostWindow needs.
func limitWindows(s *stack.Stack) tcpip.Error {
	size := tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: mostWindow, Max: mostWindow}
	return s.SetTransportProtocolOption(tcp.ProtocolNumber, &size)
}

// setReceiveBuffer sets the size of a socket's buffer. A stream's is no larger than the window needs, and netstack isn't told that somebody has chosen it:
// it would choose the unit for this size then.
func (s *inet) setReceiveBuffer(size int64) {
	stream := s.kind == syscall.SOCK_STREAM
	if stream {
		size = min(max(size, tcp.MinBufferSize), receiveBuffer)
	}
	s.endpoint.SocketOptions().SetReceiveBufferSize(size, !stream)
}
