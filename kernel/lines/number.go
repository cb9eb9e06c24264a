package lines

import (
	"tuco/hypercall"
	"tuco/kernel/evtchn"
	"tuco/kernel/lock"
)

// firstFree is the lowest number that is given to a line if its domain does not ask
// for one: those below are for the old PC's lines.
const firstFree = 16

// Map gives a line a number of the domain's, or tells the one that it has. A
// negative number: any.
//
// EINVAL: no such line; or the domain has no such number. EPERM: line 0, which is
// the legacy controllers'. EEXIST: the line has another number, or the number
// stands for another line. ENOSPC: no number is free.
func Map(h *lock.Holder, gsi, number int32) (int32, hypercall.Errno) {
	l := find(gsi)
	if l == nil || number == 0 || number >= int32(all.domain.Events.PIRQs) {
		return 0, hypercall.EINVAL
	}
	if gsi == 0 {
		return 0, hypercall.EPERM
	}
	all.lock.Lock(h)
	number, e := l.name(number)
	if e == 0 && l.number == 0 {
		l.number = uint32(number)
		all.numbers[number] = gsi + 1
		e = all.domain.Events.PermitPIRQ(h, l.number, true)
	}
	all.lock.Unlock(h)
	return number, e
}

// name is the number that a line has, or is to get. The lock is held.
func (l *line) name(number int32) (int32, hypercall.Errno) {
	if l.number != 0 {
		if number < 0 || number == int32(l.number) {
			return int32(l.number), 0
		}
		return 0, hypercall.EEXIST
	}
	if number < 0 {
		return lowest()
	}
	if all.numbers[number] > unused {
		return 0, hypercall.EEXIST
	}
	return number, 0
}

func lowest() (int32, hypercall.Errno) {
	for n := firstFree; n < evtchn.MaxPIRQs; n++ {
		if all.numbers[n] == unused {
			return int32(n), 0
		}
	}
	return 0, hypercall.ENOSPC
}

// Reserve gives the domain a number that stands for nothing: for a line, if low, one
// that Map would give next; or else a high one. It stays the domain's until it was
// mapped and unmapped.
//
// ENOSPC: no number is free.
func Reserve(h *lock.Holder, low bool) (n int32, e hypercall.Errno) {
	all.lock.Lock(h)
	if low {
		n, e = lowest()
	} else {
		n, e = highest()
	}
	if e == 0 {
		all.numbers[n] = reserved
	}
	all.lock.Unlock(h)
	return n, e
}

func highest() (int32, hypercall.Errno) {
	for n := evtchn.MaxPIRQs - 1; n >= firstFree; n-- {
		if all.numbers[n] == unused {
			return int32(n), 0
		}
	}
	return 0, hypercall.ENOSPC
}

// Unmap takes a number from its line. A port that is bound to it stays, and nothing
// comes to it any more.
//
// EINVAL: the number stands for no line.
func Unmap(h *lock.Holder, number int32) (e hypercall.Errno) {
	all.lock.Lock(h)
	if l := named(uint32(number)); l != nil {
		l.number = 0
		all.numbers[number] = unused
		if l.message {
			l.message = false // a device that still sends it is heard by whoever gets the vector next
		} else if !l.taken {
			hardware.mask(l.GSI)
		}
		e = all.domain.Events.PermitPIRQ(h, uint32(number), false)
	} else {
		e = hypercall.EINVAL
	}
	all.lock.Unlock(h)
	return e
}
