package shelf

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

const page = 4096

// A header is the beginning of a half, in little-endian order.
type header struct {
	Magic      [8]byte
	Generation uint64 // from 1
	Length     int64  // of the archive
	Sum        [sha256.Size]byte
}

var magic = [8]byte{'s', 'h', 'e', 'l', 'f', ' ', '1', '\n'}

// sum is of all of the header that stands before it, and of the archive.
func (h *header) sum(archive []byte) (sum [sha256.Size]byte) {
	hash := sha256.New()
	hash.Write(h.Magic[:])
	hash.Write(binary.LittleEndian.AppendUint64(nil, h.Generation))
	hash.Write(binary.LittleEndian.AppendUint64(nil, uint64(h.Length)))
	hash.Write(archive)
	return [sha256.Size]byte(hash.Sum(nil))
}

// offset is where a half begins.
func (s *Shelf) offset(half uint64) int64 { return int64(half) * (s.room + page) }

// read reads a half. It has no files if it is not whole.
func (s *Shelf) read(half uint64) (generation uint64, files map[string][]byte, err error) {
	begin := make([]byte, page)
	if err := s.readAt(begin, s.offset(half)); err != nil {
		return 0, nil, err
	}
	var h header
	if _, err := binary.Decode(begin, binary.LittleEndian, &h); err != nil {
		return 0, nil, err
	}
	if h.Magic != magic || h.Length < 0 || h.Length > s.room {
		return 0, nil, nil
	}
	archive := make([]byte, h.Length)
	if err := s.readAt(archive, s.offset(half)+page); err != nil {
		return 0, nil, err
	}
	if h.Sum != h.sum(archive) {
		return 0, nil, nil
	}
	files, err = unpack(archive)
	if err != nil {
		return 0, nil, fmt.Errorf("generation %d is whole and can't be read: %w", h.Generation, err)
	}
	return h.Generation, files, nil
}

// readAt reads all, also where the disk ends with it.
func (s *Shelf) readAt(p []byte, off int64) error {
	n, err := s.device.ReadAt(p, off)
	if n == len(p) && errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// write writes files as a generation. Its half is the other one than that of the generation before.
func (s *Shelf) write(generation uint64, files map[string][]byte) error {
	archive, err := pack(files)
	if err != nil {
		return err
	}
	h := header{Magic: magic, Generation: generation, Length: int64(len(archive))}
	if h.Length > s.room {
		return ErrFull
	}
	h.Sum = h.sum(archive)
	half := s.offset(generation % 2)
	begin, err := binary.Append(nil, binary.LittleEndian, &h)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		data []byte
		at   int64
	}{{archive, half + page}, {begin, half}} {
		if _, err := s.device.WriteAt(pages(part.data), part.at); err != nil {
			return err
		}
		if err := s.device.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// pages are whole pages with some data.
func pages(data []byte) []byte {
	return append(data, make([]byte, (page-len(data)%page)%page)...)
}

func pack(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func unpack(archive []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}
