package acpi

import (
	"encoding/binary"

	"tuco/kernel/frame"
	"tuco/kernel/text"
)

// Root is what the loader says about the ACPI root: its address, or a copy
// of it, or nothing (the zero value), and then the places where a PC's
// firmware puts it are searched.
type Root struct {
	Addr frame.MAddr
	Copy []byte
}

const (
	rsdpSignature = "RSD PTR "
	rsdpSizeV1    = 20
	rsdpSizeV2    = 36
	rsdpSizeMax   = 256
)

// rsdp is the checked root.
type rsdp struct {
	revision   uint8
	rsdt, xsdt frame.MAddr // 0: not there
	halfBad    bool        // the part that came with version 2 is broken
}

func (t *Tables) findRoot(mem Memory, root Root) (rsdp, bool) {
	if len(root.Copy) > 0 {
		if r, ok := parseRSDP(root.Copy); ok {
			return r, true
		}
		t.problem(BadRSDPCopy, 0, 0, 0)
	}
	if root.Addr != 0 {
		if r, ok := readRSDP(mem, root.Addr); ok {
			return r, true
		}
		t.problem(BadRSDP, 0, uint64(root.Addr), 0)
	}
	return scanRSDP(mem)
}

// scanRSDP searches the first KiB of the extended BIOS data area, whose
// segment the BIOS keeps at 0x40e, and then the BIOS's ROM.
func scanRSDP(mem Memory) (rsdp, bool) {
	if b := mem(0x40e, 2); b != nil {
		ebda := frame.MAddr(binary.LittleEndian.Uint16(b)) << 4
		if ebda >= 0x500 && ebda < 0xa0000 {
			if r, ok := scanRange(mem, ebda, ebda+1024); ok {
				return r, true
			}
		}
	}
	return scanRange(mem, 0xe0000, 0x100000)
}

func scanRange(mem Memory, start, end frame.MAddr) (rsdp, bool) {
	for a := start; a < end; a += 16 {
		if b := mem(a, uint64(len(rsdpSignature))); b == nil || !text.Equal(b, rsdpSignature) {
			continue
		}
		if r, ok := readRSDP(mem, a); ok {
			return r, true
		}
	}
	return rsdp{}, false
}

// readRSDP reads no more than the structure says it has: version 1 may lie
// at the end of what can be read.
func readRSDP(mem Memory, a frame.MAddr) (rsdp, bool) {
	b := mem(a, rsdpSizeV1)
	if b == nil {
		return rsdp{}, false
	}
	if b[15] >= 2 {
		if whole := mem(a, rsdpSizeV2); whole != nil {
			n := uint64(binary.LittleEndian.Uint32(whole[20:]))
			if n > rsdpSizeV2 && n <= rsdpSizeMax {
				if all := mem(a, n); all != nil {
					whole = all
				}
			}
			b = whole
		}
	}
	return parseRSDP(b)
}

// parseRSDP checks the version 1 part, and then, if the structure claims to
// have one, the version 2 part. If only the first is right, its RSDT still
// counts.
func parseRSDP(b []byte) (r rsdp, ok bool) {
	if len(b) < rsdpSizeV1 || !text.HasPrefix(b, rsdpSignature) || sum(b[:rsdpSizeV1]) != 0 {
		return r, false
	}
	le := binary.LittleEndian
	r.revision = b[15]
	r.rsdt = frame.MAddr(le.Uint32(b[16:]))
	if r.revision < 2 || len(b) < rsdpSizeV2 {
		return r, true
	}
	n := uint64(le.Uint32(b[20:]))
	if n >= rsdpSizeV2 && n <= uint64(len(b)) && sum(b[:n]) == 0 {
		r.xsdt = frame.MAddr(le.Uint64(b[24:]))
	} else {
		r.halfBad = true
	}
	return r, true
}

// sum is the checksum of all ACPI structures: 0 where it is right.
func sum(b []byte) (s uint8) {
	for _, c := range b {
		s += c
	}
	return s
}
