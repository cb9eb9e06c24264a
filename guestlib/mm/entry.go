package mm

import "tuco/guestlib/hypercalls"

// Entry is the machine address of the page-table entry that maps an address, and what is there; 0 and 0 if there is no table
// for it. The program may ask about what it has: a table that maps something stays.
func Entry(va uint64) (machine, value uint64) {
	at, level := table(va, 1)
	if level != 1 {
		return 0, 0
	}
	at += 8 * index(va, 1)
	return Machine(at), *hypercalls.At[uint64](at)
}
