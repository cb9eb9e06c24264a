package domain

import "math/bits"

// Lists counts the lists of requests that a hypercall was given, by their
// lengths: the element n has those whose length takes n bits, the last also those that are
// longer.
type Lists [lengths]uint64

const lengths = 12

// Count counts a list of n requests.
func (l *Lists) Count(n uint32) { l[min(bits.Len32(n), lengths-1)]++ }

// Add counts what another count has.
func (l *Lists) Add(other *Lists) {
	for i, n := range other {
		l[i] += n
	}
}

// Bounds are the shortest and the longest of the lists that an element counts; 0 for the
// longest: there is none.
func (l *Lists) Bounds(element int) (shortest, longest uint64) {
	switch element {
	case 0:
		return 0, 0
	case lengths - 1:
		return 1 << (element - 1), 0
	}
	return 1 << (element - 1), 1<<element - 1
}

// Listed numbers the hypercalls that take lists, and what else does.
type Listed uint8

// They are these.
const (
	ListedMMUUpdate Listed = iota
	ListedMMUExtOp
	ListedMulticall
	ListedRing // what a drain of an update ring has answered for
	ListedLimit
)

var listedNames = [ListedLimit]string{
	ListedMMUUpdate: "mmu_update", ListedMMUExtOp: "mmuext_op", ListedMulticall: "multicall", ListedRing: "update ring",
}

func (l Listed) String() string { return listedNames[l] }
