package domain

// Said is how much a domain has written to the hypervisor's console lately. The log is kept in a file by somebody, and each byte takes its time on a
// serial line: a domain that nobody trusts has SaidBurst bytes at once, and SaidRate of them a second from then on. The zero Said is that of a domain that has written nothing.
type Said struct {
	debt    uint64 // bytes written that time has not made good
	at      uint64 // in nanoseconds, when that was counted
	leftOut uint64 // lines since the last one that was let through
}

// What a domain may write, in bytes. Lines that are left out are so until there is room for SaidPiece, so that there is a word for many of them.
const (
	SaidBurst = 1 << 20
	SaidRate  = 16 << 10
	SaidPiece = 16 << 10
)

// Line counts a line of some bytes, and tells whether it may be written. Silenced says that it is the first one that may not, leftOut how many could not
// before one that may.
func (s *Said) Line(bytes int, now uint64) (may, silenced bool, leftOut uint64) {
	const millisecond, second = 1_000_000, 1000 // in nanoseconds, in milliseconds
	if passed := (now - s.at) / millisecond; now > s.at && passed > 0 {
		s.debt -= min(s.debt, passed*SaidRate/second)
		s.at += passed * millisecond
	}
	most := uint64(SaidBurst)
	if s.leftOut > 0 {
		most -= SaidPiece
	}
	if s.debt+uint64(bytes) > most {
		s.leftOut++
		return false, s.leftOut == 1, 0
	}
	s.debt += uint64(bytes)
	leftOut, s.leftOut = s.leftOut, 0
	return true, false, leftOut
}
