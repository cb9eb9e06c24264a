package ptab

import "tuco/kernel/frame"

// MapDirect maps a range of RAM at base plus its machine address, readable and
// writable; but frames of sealed, the image's text and constants, only readable.
// Pages are as large as the borders allow. Call it for each range of the memory
// map. If it fails, earlier parts of the range may be mapped.
func (s *Space) MapDirect(base frame.VAddr, ram frame.Range, sealed []frame.Range, largest Size) Result {
	for m := ram.Start; m < ram.End; {
		piece, f := frame.Between(m, ram.End), Data
		for _, seal := range sealed {
			switch {
			case seal.Contains(m):
				f = Const
				piece.End = min(piece.End, seal.End)
			case seal.Start > m && seal.Len() != 0:
				piece.End = min(piece.End, seal.Start)
			}
		}
		if r := s.Map(base+frame.VAddr(m.Addr()), m, piece.Len(), f, largest); r != OK {
			return r
		}
		m = piece.End
	}
	return OK
}
