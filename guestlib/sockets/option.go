package sockets

import (
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// Options that package syscall has no names for.
const (
	optionReusePort, optionProtocol, optionDomain = 15, 38, 39 // SO_*
	ipv6TransparentError                          = 25         // IPV6_RECVERR
	tcpUserTimeout                                = 18         // TCP_USER_TIMEOUT
)

type options = tcpip.SocketOptions

// An option that is on or off.
type toggle struct {
	level, name int
	get         func(*options) bool
	set         func(*options, bool)
}

var toggles = []toggle{
	{syscall.SOL_SOCKET, syscall.SO_REUSEADDR, (*options).GetReuseAddress, (*options).SetReuseAddress},
	{syscall.SOL_SOCKET, optionReusePort, (*options).GetReusePort, (*options).SetReusePort},
	{syscall.SOL_SOCKET, syscall.SO_BROADCAST, (*options).GetBroadcast, (*options).SetBroadcast},
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, (*options).GetKeepAlive, (*options).SetKeepAlive},
	{syscall.SOL_SOCKET, syscall.SO_NO_CHECK, (*options).GetNoChecksum, (*options).SetNoChecksum},
	{syscall.IPPROTO_IP, syscall.IP_MULTICAST_LOOP, (*options).GetMulticastLoop, (*options).SetMulticastLoop},
	{syscall.IPPROTO_IP, syscall.IP_PKTINFO, (*options).GetReceivePacketInfo, (*options).SetReceivePacketInfo},
	{syscall.IPPROTO_IP, syscall.IP_RECVTTL, (*options).GetReceiveTTL, (*options).SetReceiveTTL},
	{syscall.IPPROTO_IP, syscall.IP_HDRINCL, (*options).GetHeaderIncluded, (*options).SetHeaderIncluded},
	{syscall.IPPROTO_IP, syscall.IP_RECVERR, (*options).GetIPv4RecvError, (*options).SetIPv4RecvError},
	{syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, (*options).GetV6Only, (*options).SetV6Only},
	{syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_LOOP, (*options).GetMulticastLoop, (*options).SetMulticastLoop},
	{syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, (*options).GetIPv6ReceivePacketInfo, (*options).SetIPv6ReceivePacketInfo},
	{syscall.IPPROTO_IPV6, syscall.IPV6_RECVHOPLIMIT, (*options).GetReceiveHopLimit, (*options).SetReceiveHopLimit},
	{syscall.IPPROTO_IPV6, ipv6TransparentError, (*options).GetIPv6RecvError, (*options).SetIPv6RecvError},
	{syscall.IPPROTO_TCP, syscall.TCP_NODELAY,
		func(o *options) bool { return !o.GetDelayOption() }, func(o *options, on bool) { o.SetDelayOption(!on) }},
	{syscall.IPPROTO_TCP, syscall.TCP_CORK, (*options).GetCorkOption, (*options).SetCorkOption},
	{syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, (*options).GetQuickAck, (*options).SetQuickAck},
}

// number is an option that netstack keeps as a number.
type number struct {
	level, name int
	option      tcpip.SockOptInt
}

var numbers = []number{
	{syscall.IPPROTO_IP, syscall.IP_TTL, tcpip.IPv4TTLOption},
	{syscall.IPPROTO_IP, syscall.IP_TOS, tcpip.IPv4TOSOption},
	{syscall.IPPROTO_IP, syscall.IP_MULTICAST_TTL, tcpip.MulticastTTLOption},
	{syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, tcpip.MTUDiscoverOption},
	{syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, tcpip.IPv6HopLimitOption},
	{syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_HOPS, tcpip.MulticastTTLOption},
	{syscall.IPPROTO_IPV6, syscall.IPV6_TCLASS, tcpip.IPv6TrafficClassOption},
	{syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_IF, tcpip.IPv6MulticastInterfaceOption},
	{syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, tcpip.MaxSegOption},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, tcpip.KeepaliveCountOption},
	{syscall.IPPROTO_TCP, syscall.TCP_SYNCNT, tcpip.TCPSynCountOption},
	{syscall.IPPROTO_TCP, syscall.TCP_WINDOW_CLAMP, tcpip.TCPWindowClampOption},
}

// setOption is setsockopt. A single byte is taken for a number too, as Linux does for some.
func (s *inet) setOption(level, name int, value []byte) syscall.Errno {
	if errno, known := s.setStructure(level, name, value); known {
		return errno
	}
	if len(value) == 0 || 1 < len(value) && len(value) < 4 {
		return syscall.EINVAL
	}
	v := int(parse[int32](value))
	for _, o := range toggles {
		if o.level == level && o.name == name {
			o.set(s.endpoint.SocketOptions(), v != 0)
			return 0
		}
	}
	for _, o := range numbers {
		if o.level == level && o.name == name {
			return errnoOf(s.endpoint.SetSockOptInt(o.option, v))
		}
	}
	return s.setOther(level, name, v)
}

// setOther sets what is neither on or off nor netstack's number.
func (s *inet) setOther(level, name, v int) syscall.Errno {
	so := s.endpoint.SocketOptions()
	switch [2]int{level, name} {
	case [2]int{syscall.SOL_SOCKET, syscall.SO_SNDBUF}: // Linux doubles it, for what it needs itself
		so.SetSendBufferSize(int64(v)*2, true)
	case [2]int{syscall.SOL_SOCKET, syscall.SO_RCVBUF}:
		s.setReceiveBuffer(int64(v) * 2)
	case [2]int{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE}:
		o := tcpip.KeepaliveIdleOption(time.Duration(v) * time.Second)
		return errnoOf(s.endpoint.SetSockOpt(&o))
	case [2]int{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL}:
		o := tcpip.KeepaliveIntervalOption(time.Duration(v) * time.Second)
		return errnoOf(s.endpoint.SetSockOpt(&o))
	case [2]int{syscall.IPPROTO_TCP, tcpUserTimeout}:
		o := tcpip.TCPUserTimeoutOption(time.Duration(v) * time.Millisecond)
		return errnoOf(s.endpoint.SetSockOpt(&o))
	default:
		return syscall.ENOPROTOOPT
	}
	return 0
}

// option is getsockopt.
func (s *inet) option(level, name int) ([]byte, syscall.Errno) {
	so := s.endpoint.SocketOptions()
	for _, o := range toggles {
		if o.level == level && o.name == name {
			if o.get(so) {
				return structure(int32(1)), 0
			}
			return structure(int32(0)), 0
		}
	}
	for _, o := range numbers {
		if o.level == level && o.name == name {
			v, err := s.endpoint.GetSockOptInt(o.option)
			return structure(int32(v)), errnoOf(err)
		}
	}
	switch level {
	case syscall.SOL_SOCKET:
		return s.socketOption(name)
	case syscall.IPPROTO_TCP:
		return s.tcpOption(name)
	}
	return nil, syscall.ENOPROTOOPT
}

func (s *inet) socketOption(name int) ([]byte, syscall.Errno) {
	so := s.endpoint.SocketOptions()
	v := 0
	switch name {
	case syscall.SO_ERROR:
		v = int(errnoOf(s.endpoint.LastError()))
	case syscall.SO_TYPE:
		v = s.kind
	case optionProtocol:
		v = s.protocol
	case optionDomain:
		v = s.family
	case syscall.SO_SNDBUF:
		v = int(so.GetSendBufferSize())
	case syscall.SO_RCVBUF:
		v = int(so.GetReceiveBufferSize())
	case syscall.SO_ACCEPTCONN:
		if so.GetAcceptConn() {
			v = 1
		}
	case syscall.SO_LINGER:
		l := so.GetLinger()
		value := syscall.Linger{Linger: int32(l.Timeout / time.Second)}
		if l.Enabled {
			value.Onoff = 1
		}
		return structure(value), 0
	default:
		return nil, syscall.ENOPROTOOPT
	}
	return structure(int32(v)), 0
}

func (s *inet) tcpOption(name int) ([]byte, syscall.Errno) {
	var idle tcpip.KeepaliveIdleOption
	var interval tcpip.KeepaliveIntervalOption
	var timeout tcpip.TCPUserTimeoutOption
	switch name {
	case syscall.TCP_KEEPIDLE:
		err := s.endpoint.GetSockOpt(&idle)
		return structure(int32(time.Duration(idle) / time.Second)), errnoOf(err)
	case syscall.TCP_KEEPINTVL:
		err := s.endpoint.GetSockOpt(&interval)
		return structure(int32(time.Duration(interval) / time.Second)), errnoOf(err)
	case tcpUserTimeout:
		err := s.endpoint.GetSockOpt(&timeout)
		return structure(int32(time.Duration(timeout) / time.Millisecond)), errnoOf(err)
	}
	return nil, syscall.ENOPROTOOPT
}
