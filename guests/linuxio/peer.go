package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// What a datagram's first byte says to iobench, and that to us.
const (
	markReceipt = 1 // it is to answer with one like it
	markEnd     = 2 // nothing more will come
	markIdle    = 3 // for how long were CPUs idle?

	port = 9
)

// peer is the guest that answers.
type peer struct {
	fd int
	to *unix.SockaddrInet4
	in []byte
}

// meet finds the guest that answers. It may not be there yet.
func meet(address netip.Addr) (*peer, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return nil, err
	}
	p := &peer{fd, &unix.SockaddrInet4{Addr: address.As4(), Port: port}, make([]byte, 64)}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port}); err != nil {
		return nil, err
	}
	second := unix.Timeval{Sec: 1}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &second); err != nil {
		return nil, err
	}
	const attempts = 60
	for range attempts {
		if _, err = p.idle(); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("no guest answers at %v: %w", address, err)
	}
	return p, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{})
}

// await waits for a datagram with a mark, and gives what is behind that.
func (p *peer) await(mark byte) ([]byte, error) {
	for {
		n, _, err := unix.Recvfrom(p.fd, p.in, 0)
		if err != nil {
			return nil, err
		}
		if n > 0 && p.in[0] == mark {
			return p.in[1:n], nil
		}
	}
}

// idle is for how many ticks CPUs have had nothing to run, as the other guest knows.
func (p *peer) idle() (ticks uint64, err error) {
	if err := unix.Sendto(p.fd, []byte{markIdle}, 0, p.to); err != nil {
		return 0, err
	}
	answer, err := p.await(markIdle)
	if err == nil && len(answer) != 8 {
		err = fmt.Errorf("an answer of %d bytes, not 8", len(answer))
	}
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(answer), nil
}

// sends measures datagrams that the other guest takes, of one packet and of the longest that there are.
func (p *peer) sends(t *table) error {
	const (
		short, shorts, shortGroup = 1500, 4096, 64
		long, longs               = 65535, 64
	)
	if err := t.measure("network: 1500-byte packet to another guest", shorts, p.groups(short, shortGroup)); err != nil {
		return err
	}
	return t.measure("network: 64 KiB packet to another guest", longs, p.groups(long, 1))
}

// groups sends groups of so many packets. Two are under way at most, and behind each a small packet asks for a receipt.
func (p *peer) groups(size, packets int) func(n int) error {
	const headers = 20 + 8
	data := make([]byte, size-headers)
	send := func() error {
		for range packets {
			if err := unix.Sendto(p.fd, data, 0, p.to); err != nil {
				return err
			}
		}
		return unix.Sendto(p.fd, []byte{markReceipt}, 0, p.to)
	}
	return func(n int) error {
		for underWay := 0; n > 0 || underWay > 0; {
			for ; n > 0 && underWay < 2; underWay++ {
				if err := send(); err != nil {
					return err
				}
				n -= packets
			}
			if _, err := p.await(markReceipt); err != nil {
				return err
			}
			underWay--
		}
		return nil
	}
}

// end tells the other guest that nothing more will come.
func (p *peer) end() error { return unix.Sendto(p.fd, []byte{markEnd}, 0, p.to) }
