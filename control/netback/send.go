package netback

import (
	"tuco/control/backend"
	"tuco/control/packet"
	"tuco/ring/netif"
)

const (
	bufferSize = 3 * (packet.MaxFrame + 1) // two frames of the longest, or many others
	atOnce     = 64                        // frames
)

// sender is the half by which the guest sends.
type sender struct {
	session *session
	ring    netif.TXBack
	buffer  []byte

	packets [atOnce]netif.Packet
	sound   [atOnce]bool
	copies  []backend.Copy
	frames  []packet.Frame
}

// work takes some frames and passes them on. It tells whether there may be more, without an event. The error is the guest's fault.
func (s *sender) work() (more bool, err error) {
	n, err := s.take()
	if err != nil {
		return false, backend.Misbehaved("%w", err)
	}
	if n == 0 {
		more, err := s.ring.FinalCheck()
		if err != nil {
			err = backend.Misbehaved("%w", err)
		}
		return more, err
	}
	s.session.machine.Copy(s.session.guest, s.copies)
	copies, frames := s.copies, 0
	for i := range s.packets[:n] {
		status := netif.StatusError
		if s.sound[i] {
			parts := len(s.packets[i].Fragments)
			if copied(copies[:parts]) {
				s.frames[frames] = s.frames[i]
				frames++
				status = netif.StatusOK
			} else {
				s.session.nic.Stats.CopyErrors.Add(1)
			}
			copies = copies[parts:]
		}
		s.packets[i].Answer(&s.ring, status)
	}
	for _, f := range s.frames[:frames] {
		s.session.nic.Stats.SentBytes.Add(uint64(len(f.Data)))
	}
	s.session.nic.Stats.Sent.Add(uint64(frames))
	s.session.nic.port.Receive(s.frames[:frames])
	clear(s.copies)
	if s.ring.Push() {
		s.session.notify()
	}
	return true, nil
}

// take takes frames out of the ring, as many as the buffer has room for, whatever they are. Frame i is that of packet i, if it is sound.
func (s *sender) take() (n int, err error) {
	s.copies, s.frames = s.copies[:0], s.frames[:0]
	for used := 0; n < atOnce && used+backend.PageSize+packet.MaxFrame <= len(s.buffer); n++ {
		p := &s.packets[n]
		ok, bad, err := p.Take(&s.ring)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		s.sound[n] = bad == nil
		s.frames = append(s.frames, packet.Frame{})
		if bad != nil {
			s.session.nic.Stats.Bad.Add(1)
			continue
		}
		used = place(used, p)
		data := s.buffer[used : used+p.Size]
		used += p.Size
		s.frames[n] = frameOf(p, data)
		for _, f := range p.Fragments {
			s.copies = append(s.copies, backend.Copy{Ref: f.Ref, Offset: f.Offset, Local: data[:f.Size]})
			data = data[f.Size:]
		}
	}
	return n, nil
}

// place is where a frame goes in the buffer, from some position on: so that as few of its parts as possible lie in two pages of ours, since the
// hypervisor would copy such a part in two pieces. It leaves less than a page free.
func place(used int, p *netif.Packet) int {
	const mask = backend.PageSize - 1
	if p.Size <= backend.PageSize {
		if used&mask+p.Size > backend.PageSize {
			used = (used + mask) &^ mask
		}
		return used
	}
	first := p.Fragments[0].Size
	return (used+first+mask)&^mask - first
}

// frameOf is a frame with what a guest says of it. The switch checks that.
func frameOf(p *netif.Packet, data []byte) packet.Frame {
	f := packet.Frame{Data: data, Blank: p.Flags&netif.TXChecksumBlank != 0, Checked: p.Flags&netif.TXDataValidated != 0}
	switch p.GSO.Type {
	case netif.GSOTCPv4:
		f.Segments, f.MSS = packet.TCPv4, p.GSO.Size
	case netif.GSOTCPv6:
		f.Segments, f.MSS = packet.TCPv6, p.GSO.Size
	}
	return f
}

// copied tells whether all parts of a frame were.
func copied(parts []backend.Copy) bool {
	for i := range parts {
		if parts[i].Err != nil {
			return false
		}
	}
	return true
}
