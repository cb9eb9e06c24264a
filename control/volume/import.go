package volume

import (
	"errors"
	"fmt"
	"io"
)

// Import makes a volume and has fill write its content. If fill fails, or the power is cut meanwhile, there is no volume. What fill doesn't write
// reads as zeros. A size that is no multiple of Sector is rounded up.
func (s *Store) Import(name string, size int64, fill func(io.WriterAt) error) error {
	size = ceil(size, Sector) * Sector
	if err := s.create(name, size, flagFilling); err != nil {
		return err
	}
	v := s.opened(name)
	err := fill(v)
	if err == nil {
		err = s.complete(v.r)
	}
	if err := v.Close(); err != nil {
		return err
	}
	if err != nil {
		return errors.Join(fmt.Errorf("import of volume %s: %w", name, err), s.Delete(name))
	}
	return nil
}

// opened opens the volume that was just made to be filled. It is there, and nobody else could open it.
func (s *Store) opened(name string) *Volume {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := s.find(name)
	r.writers++
	return &Volume{s: s, r: r}
}

// complete makes a volume one that stays.
func (s *Store) complete(r *record) error {
	s.management.Lock()
	defer s.management.Unlock()
	s.mu.Lock()
	r.flags &^= flagFilling
	s.touch(r)
	s.mu.Unlock()
	return s.checkpointOr(func() {
		r.flags |= flagFilling
		s.touch(r)
	})
}

// Raw gives an import's content: size bytes, as they come. It fails where there are fewer.
func Raw(from io.Reader, size int64) func(io.WriterAt) error {
	return func(to io.WriterAt) error {
		block := make([]byte, 4*ExtentSize)
		for off := int64(0); off < size; {
			n := min(size-off, int64(len(block)))
			if got, err := io.ReadFull(from, block[:n]); err == io.EOF || err == io.ErrUnexpectedEOF {
				return fmt.Errorf("the raw image ends after %d of %d bytes: get the whole of it and import again", off+int64(got), size)
			} else if err != nil {
				return fmt.Errorf("the raw image, behind %d bytes: %w", off, err)
			}
			whole := ceil(n, Sector) * Sector
			clear(block[n:whole])
			if !allZero(block[:whole]) { // it reads so anyway, and takes no room
				if _, err := to.WriteAt(block[:whole], off); err != nil {
					return err
				}
			}
			off += n
		}
		return nil
	}
}

func allZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// WriteTo writes the volume as a raw image. For one that is consistent, nobody may write the volume meanwhile: it takes a
// snapshot, or a volume opened read-only.
func (v *Volume) WriteTo(w io.Writer) (int64, error) {
	block := make([]byte, 4*ExtentSize)
	size := v.Size()
	for off := int64(0); off < size; {
		n := min(size-off, int64(len(block)))
		if _, err := v.ReadAt(block[:n], off); err != nil {
			return off, err
		}
		got, err := w.Write(block[:n])
		off += int64(got)
		if err != nil {
			return off, err
		}
	}
	return size, nil
}
