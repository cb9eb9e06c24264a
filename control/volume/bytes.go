package volume

// Bytes reads a volume from any byte on, and any number of them.
type Bytes struct{ *Volume }

// ReadAt is io.ReaderAt's.
func (b Bytes) ReadAt(p []byte, off int64) (int, error) {
	end := off + int64(len(p))
	if off%Sector == 0 && end%Sector == 0 {
		return b.Volume.ReadAt(p, off)
	}
	first := off / Sector * Sector
	whole := make([]byte, ceil(end, Sector)*Sector-first)
	if _, err := b.Volume.ReadAt(whole, first); err != nil {
		return 0, err
	}
	return copy(p, whole[off-first:]), nil
}
