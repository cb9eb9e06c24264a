package acpi

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// signature is a table's name, four characters, little endian.
type signature uint32

const (
	sigRSDT signature = 'R' | 'S'<<8 | 'D'<<16 | 'T'<<24
	sigXSDT signature = 'X' | 'S'<<8 | 'D'<<16 | 'T'<<24
	sigMADT signature = 'A' | 'P'<<8 | 'I'<<16 | 'C'<<24
	sigFADT signature = 'F' | 'A'<<8 | 'C'<<16 | 'P'<<24
	sigDSDT signature = 'D' | 'S'<<8 | 'D'<<16 | 'T'<<24
	sigSSDT signature = 'S' | 'S'<<8 | 'D'<<16 | 'T'<<24
	sigHPET signature = 'H' | 'P'<<8 | 'E'<<16 | 'T'<<24
)

const (
	headerSize = 36 // of every table: signature, length, revision, checksum, …
	lengthOff  = 4

	maxEntries  = 256      // tables that the root names
	maxTable    = 4 << 20  // bytes of one table
	maxLookedAt = 16 << 20 // bytes of all tables together
	maxSSDTs    = 32
)

// tableSet is where the tables are that matter; 0: not there.
type tableSet struct {
	madt, fadt, hpet frame.MAddr
	ssdt             [maxSSDTs]frame.MAddr
	nSSDT            int
}

// walk reads the root table at a, whose entries are addresses of width
// bytes, and notes the tables that matter. Where one comes twice, the first
// counts. It fails if the root table itself is no good.
func (t *Tables) walk(mem Memory, a frame.MAddr, sig signature, width int, found *tableSet) bool {
	b := t.table(mem, a, sig)
	if b == nil {
		return false
	}
	entries := b[headerSize:]
	if n := len(entries) / width; n > maxEntries {
		t.problem(TooManyTables, sig, uint64(n), maxEntries)
		entries = entries[:maxEntries*width]
	}
	for k := 0; len(entries) >= width; k++ {
		var at frame.MAddr
		if width == 8 {
			at = frame.MAddr(binary.LittleEndian.Uint64(entries))
		} else {
			at = frame.MAddr(binary.LittleEndian.Uint32(entries))
		}
		entries = entries[width:]
		if at == 0 {
			continue // some firmware leaves gaps
		}
		h := mem(at, headerSize)
		if h == nil {
			t.problem(EntryUnreadable, sig, uint64(k), uint64(at))
			continue
		}
		found.note(signature(binary.LittleEndian.Uint32(h)), at)
	}
	return true
}

func (f *tableSet) note(sig signature, at frame.MAddr) {
	switch sig {
	case sigMADT:
		first(&f.madt, at)
	case sigFADT:
		first(&f.fadt, at)
	case sigHPET:
		first(&f.hpet, at)
	case sigSSDT:
		if f.nSSDT < maxSSDTs {
			f.ssdt[f.nSSDT] = at
			f.nSSDT++
		}
	}
}

func first(to *frame.MAddr, at frame.MAddr) {
	if *to == 0 {
		*to = at
	}
}

// table reads the table at a: all of it, header included, its signature,
// length and checksum verified. nil: it is no good, and that was reported.
func (t *Tables) table(mem Memory, a frame.MAddr, sig signature) []byte {
	h := mem(a, headerSize)
	if h == nil {
		t.problem(TableUnreadable, sig, uint64(a), headerSize)
		return nil
	}
	if got := signature(binary.LittleEndian.Uint32(h)); got != sig {
		t.problem(TableSignature, sig, uint64(a), uint64(got))
		return nil
	}
	n := uint64(binary.LittleEndian.Uint32(h[lengthOff:]))
	if n < headerSize || n > maxTable {
		t.problem(TableLength, sig, uint64(a), n)
		return nil
	}
	if n > t.budget {
		t.problem(TablesTooLarge, sig, uint64(a), n)
		return nil
	}
	t.budget -= n
	b := mem(a, n)
	if b == nil {
		t.problem(TableUnreadable, sig, uint64(a), n)
		return nil
	}
	if sum(b) != 0 {
		t.problem(TableChecksum, sig, uint64(a), n)
		return nil
	}
	return b
}
