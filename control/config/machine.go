package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Ports are I/O ports of the machine's, from First to Last.
type Ports struct{ First, Last uint16 }

// Frames are pages of the machine's addresses that are not RAM, so many from First on.
type Frames struct{ First, Count uint64 }

const (
	portsExample  = "2f8-2ff"
	framesExample = "fed00,1"

	// maxFrame is beyond the last page that an address can have.
	maxFrame = 1 << 40
)

// String is how xl.cfg describes the ports.
func (p Ports) String() string {
	if p.First == p.Last {
		return strconv.FormatUint(uint64(p.First), 16)
	}
	return fmt.Sprintf("%x-%x", p.First, p.Last)
}

// String is how xl.cfg describes the pages.
func (f Frames) String() string { return fmt.Sprintf("%x,%x", f.First, f.Count) }

// Overlap tells whether the two have a port in common.
func (p Ports) Overlap(o Ports) bool { return p.First <= o.Last && o.First <= p.Last }

// Overlap tells whether the two have a page in common.
func (f Frames) Overlap(o Frames) bool { return f.First < o.First+o.Count && o.First < f.First+f.Count }

// MarshalText is String.
func (p Ports) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// MarshalText is String.
func (f Frames) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a port, or the first and the last of some, in hexadecimal digits as xl has it.
func (p *Ports) UnmarshalText(text []byte) error {
	first, last, more := strings.Cut(string(text), "-")
	a, err := hex(first, 16)
	b := a
	if more && err == nil {
		b, err = hex(last, 16)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%q is no range of ports: it is a port, or the first and the last, in hexadecimal digits: %s", text, portsExample)
	case a > b:
		return fmt.Errorf("the ports %s end before they begin; write %x-%x", text, b, a)
	}
	*p = Ports{uint16(a), uint16(b)}
	return nil
}

// UnmarshalText reads the first page's number and how many there are, in hexadecimal digits as xl has it.
func (f *Frames) UnmarshalText(text []byte) error {
	first, count, more := strings.Cut(string(text), ",")
	a, err := hex(first, 64)
	b := uint64(0)
	if more && err == nil {
		b, err = hex(count, 64)
	}
	switch {
	case strings.Contains(count, "@"):
		return fmt.Errorf("%q has a guest's page, which a paravirtual guest chooses by itself: write %s", text, strings.SplitN(string(text), "@", 2)[0])
	case err != nil || !more:
		return fmt.Errorf("%q is no range of pages: it is the first one's number and how many there are, in hexadecimal digits: %s", text, framesExample)
	case b == 0 || a >= maxFrame || b > maxFrame-a:
		return fmt.Errorf("the machine has no such pages as %s; they are numbers of pages, not addresses: %s is the page at address fed00000", text, framesExample)
	}
	*f = Frames{a, b}
	return nil
}

// hex reads hexadecimal digits, before which 0x may stand.
func hex(s string, bits int) (uint64, error) {
	s = strings.TrimSpace(s)
	return strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, bits)
}

func (r *reader) ioPorts() {
	r.guest.IOPorts = machineParts(r, MaxIOPorts, portsExample, Ports.Overlap, (*Ports).UnmarshalText)
}

func (r *reader) ioMemory() {
	r.guest.IOMemory = machineParts(r, MaxIOMemory, framesExample, Frames.Overlap, (*Frames).UnmarshalText)
}

// machineParts is the key's value, a list of ranges of which none overlap.
func machineParts[T fmt.Stringer](r *reader, most int, example string, overlap func(a, b T) bool, read func(*T, []byte) error) (all []T) {
	r.list(most, example, func(line int, s string) {
		var one T
		if err := read(&one, []byte(s)); err != nil {
			r.failAt(line, "%v", err)
			return
		}
		for _, o := range all {
			if overlap(o, one) {
				r.failAt(line, "%s and %s have something in common; name it once", o, one)
				return
			}
		}
		all = append(all, one)
	})
	return all
}
