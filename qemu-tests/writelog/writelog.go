// Package writelog makes disks as a power cut leaves them, of the log that QEMU's driver blklogwrites keeps of a disk's writes and flushes.
//
// Killing QEMU alone cuts no power: all that a guest has written by then is in the page cache of the machine below, whether it was flushed or not. With the log, what came
// behind the last flush can be taken away again, each write or not, as a disk with a cache of its own might lose it.
//
// The format is that of Linux' device mapper, Documentation/admin-guide/device-mapper/log-writes.rst.
package writelog

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sector is the unit of a log and of the disk.
const Sector = 512

const (
	magic   = 0x6a736677736872
	version = 1

	flagFlush   = 1 << 0
	flagDiscard = 1 << 2
	flagsKnown  = 1<<4 - 1
)

// Entry is what was asked of a disk.
type Entry struct {
	Flush bool
	At    uint64 // byte of the disk
	Data  []byte // to be written there
}

// ErrHole is an error about a log whose writer was killed while entries were written side by side, and an earlier one isn't there: what comes behind can't be found.
var ErrHole = errors.New("an entry of the log is missing")

// Parse reads a log whose writer may have been killed. Entries that it was writing then are left out.
func Parse(log []byte) ([]Entry, error) {
	if len(log) < Sector {
		return nil, nil // nothing was ever flushed
	}
	if is := binary.LittleEndian.Uint64(log); is != magic {
		if is == 0 {
			return nil, nil
		}
		return nil, fmt.Errorf("the log begins with %#x", is)
	}
	if v, size := binary.LittleEndian.Uint64(log[8:]), binary.LittleEndian.Uint32(log[24:]); v != version || size != Sector {
		return nil, fmt.Errorf("the log has version %d and sectors of %d bytes", v, size)
	}
	sure := binary.LittleEndian.Uint64(log[16:]) // entries that were there at the last flush
	var all []Entry
	for rest := log[Sector:]; len(rest) >= Sector; {
		sector, n, flags := binary.LittleEndian.Uint64(rest), binary.LittleEndian.Uint64(rest[8:]), binary.LittleEndian.Uint64(rest[16:])
		if sector == 0 && n == 0 && flags == 0 {
			break // it was not written
		}
		if flags&^flagsKnown != 0 {
			return nil, fmt.Errorf("entry %d has the flags %#x", len(all), flags)
		}
		rest = rest[Sector:]
		e := Entry{Flush: flags&flagFlush != 0, At: sector * Sector}
		if flags&flagDiscard == 0 {
			if n > uint64(len(rest)/Sector) {
				break
			}
			e.Data, rest = rest[:n*Sector], rest[n*Sector:]
		}
		all = append(all, e)
	}
	if uint64(len(all)) < sure {
		return nil, fmt.Errorf("%w: there are %d of at least %d", ErrHole, len(all), sure)
	}
	return all, nil
}

// CutPower does to a disk what a log says up to its last flush, and of the writes behind those that are chosen. It returns how many of them there were, and how many were lost.
func CutPower(disk []byte, log []Entry, keep func() bool) (behind, lost int, err error) {
	flush := 0
	for i, e := range log {
		if e.Flush {
			flush = i
		}
	}
	for i, e := range log {
		if i > flush {
			behind++
			if !keep() {
				lost++
				continue
			}
		}
		if e.At > uint64(len(disk)) || uint64(len(e.Data)) > uint64(len(disk))-e.At {
			return behind, lost, fmt.Errorf("entry %d is of %d bytes at %d, and the disk has %d", i, len(e.Data), e.At, len(disk))
		}
		copy(disk[e.At:], e.Data)
	}
	return behind, lost, nil
}
