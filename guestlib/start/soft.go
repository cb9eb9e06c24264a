package start

// A soft descriptor is a number that the program's runtime polls, and no more: an upper package says what it is ready for, and
// answers the system calls on it.

// softRaise says what a soft descriptor is now ready for as well. That is an event even if it was ready before: more has come.
func softRaise(fd uint64, bits uint32) uint64 {
	d := find(fd)
	if d == nil || d.kind != soft {
		return failed(ebadf)
	}
	d.bits |= bits
	d.happened(bits)
	return 0
}

// softLower says what a soft descriptor is no longer ready for.
func softLower(fd uint64, bits uint32) uint64 {
	d := find(fd)
	if d == nil || d.kind != soft {
		return failed(ebadf)
	}
	d.bits &^= bits
	return 0
}
