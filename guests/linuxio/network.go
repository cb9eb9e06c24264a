package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// configure gives an interface its address in a network of 256.
func configure(name string, address netip.Addr) error {
	if !await(func() bool { _, err := os.Stat("/sys/class/net/" + name); return err == nil }) {
		return fmt.Errorf("%s does not come", name)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, set := range []struct {
		request uint
		address [4]byte
	}{{unix.SIOCSIFADDR, address.As4()}, {unix.SIOCSIFNETMASK, [4]byte{255, 255, 255, 0}}} {
		r, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := r.SetInet4Addr(set.address[:]); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, set.request, r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
		return err
	}
	up := func() bool {
		text, err := os.ReadFile("/sys/class/net/" + name + "/carrier")
		return err == nil && string(text) == "1\n"
	}
	if !await(up) {
		return fmt.Errorf("%s does not connect", name)
	}
	return nil
}

// ping measures ICMP echos with as much data as the command ping sends.
func ping(t *table, to netip.Addr) error {
	const echo, echoReply, ipLen, data = 8, 0, 20, 56
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	message := make([]byte, 8+data)
	message[0] = echo
	binary.BigEndian.PutUint16(message[2:], ^uint16(echo<<8)) // the checksum: nothing else is there
	answer := make([]byte, 2048)
	address := &unix.SockaddrInet4{Addr: to.As4()}
	const many = 1000
	return t.measure("network: ping round trip", many, func(n int) error {
		for range n {
			if err := unix.Sendto(fd, message, 0, address); err != nil {
				return err
			}
			for {
				size, _, err := unix.Recvfrom(fd, answer, 0)
				if err != nil {
					return err
				}
				if size > ipLen && answer[ipLen] == echoReply {
					break
				}
			}
		}
		return nil
	})
}
