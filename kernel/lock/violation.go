package lock

import "math/bits"

// Kind says which rule was broken.
type Kind uint8

const (
	NoLevel        Kind = iota // the lock was never given a level (Init was not called)
	OutOfOrder                 // a lock of this level or a higher one is held
	NotOwner                   // unlocked by a CPU that does not hold it
	HeldAcrossWait             // a lock is held where the CPU may wait for others
)

// String returns the kind as a phrase of a crash report.
func (k Kind) String() string {
	switch k {
	case NoLevel:
		return "lock without a level"
	case OutOfOrder:
		return "lock taken out of order"
	case NotOwner:
		return "lock released by a CPU that does not hold it"
	case HeldAcrossWait:
		return "lock held while waiting for another CPU"
	}
	return "lock violation"
}

// Fault describes a broken rule.
type Fault struct {
	Kind  Kind
	CPU   uint32 // the CPU at fault
	Level Level  // level of the lock concerned; 0 for HeldAcrossWait
	Held  uint64 // the levels that the CPU holds, a bit for each
	Owner int    // the CPU that holds the lock, for NotOwner; -1 if nobody does
}

// Highest returns the highest level held, or 0 if none is.
func (f Fault) Highest() Level {
	if f.Held == 0 {
		return 0
	}
	return Level(63 - bits.LeadingZeros64(f.Held))
}

// Violation is called when a rule is broken, and must not return: a lock in an
// unknown state protects nothing. The kernel sets it, before it starts a second
// CPU, to a function that writes a crash report.
var Violation func(Fault) = unset

func unset(Fault) { panic("lock: rule broken before the crash report was set up") }

// violated is kept out of line, so that the checks leave no more than a jump
// in the fast paths.
//
//go:noinline
func violated(k Kind, h *Holder, level uint64, owner *Holder) {
	f := Fault{Kind: k, CPU: h.CPU, Held: h.held, Owner: -1}
	if level != 0 {
		f.Level = Level(bits.TrailingZeros64(level))
	} else if k == OutOfOrder {
		f.Kind = NoLevel
	}
	if owner != nil {
		f.Owner = int(owner.CPU)
	}
	Violation(f)
}
