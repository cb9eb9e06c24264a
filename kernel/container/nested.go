package container

import "tuco/kernel/frame"

// Access rights of a page in a nested table.
type Access uint8

// Bits of Access. A page that can be accessed at all can be read.
const (
	Read Access = 1 << iota
	Write
	Execute
)

// Entries of AMD's nested tables are those of ordinary ones; a guest's access
// counts as the user's. APM vol. 2, "Nested Table Walk".
const (
	nptPresent   = 1 << 0
	nptWrite     = 1 << 1
	nptUser      = 1 << 2
	nptNoExecute = 1 << 63
)

// Entries of Intel's. SDM vol. 3, "The Extended Page Table Mechanism (EPT)".
const (
	eptRead      = 1 << 0
	eptWrite     = 1 << 1
	eptExecute   = 1 << 2
	eptWriteBack = 6 << 3
)

// NestedTable is an entry of a nested table that leads to a lower one.
func NestedTable(m frame.MFN) uint64 {
	if vendor == AMD {
		return uint64(m.Addr()) | nptPresent | nptWrite | nptUser
	}
	return uint64(m.Addr()) | eptRead | eptWrite | eptExecute
}

// NestedPage is an entry of the lowest nested table, a 4 KiB page of RAM.
func NestedPage(m frame.MFN, a Access) uint64 {
	e := uint64(m.Addr())
	if vendor == AMD {
		e |= nptPresent | nptUser
		if a&Write != 0 {
			e |= nptWrite
		}
		if a&Execute == 0 {
			e |= nptNoExecute
		}
		return e
	}
	e |= eptRead | eptWriteBack
	if a&Write != 0 {
		e |= eptWrite
	}
	if a&Execute != 0 {
		e |= eptExecute
	}
	return e
}
