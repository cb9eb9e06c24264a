package blkback

import (
	"io"
	"unsafe"

	"tuco/control/backend"
	"tuco/ring/blkif"
)

const segmentSize = int(unsafe.Sizeof(blkif.Segment{}))

// whole reads or writes all. A disk that gives less and says nothing would have a guest read what was in memory before. At a disk's
// very end, io.EOF is no error.
func whole(transfer func([]byte, int64) (int, error), data []byte, off int64) error {
	n, err := transfer(data, off)
	switch {
	case n == len(data) && (err == nil || err == io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errShort
}

// data copies between parts of the guest's pages and memory of this domain's: what is mapped at once, and the rest by the hypervisor.
func (s *session) data(j *job, segments []blkif.Segment, data []byte, out bool) error {
	if s.kept != nil {
		j.pages = s.kept.useAll(segments, j.pages[:0])
	}
	for i := range segments {
		offset, length := segments[i].Bytes()
		local := data[:length]
		data = data[length:]
		switch {
		case s.kept == nil || j.pages[i] == nil:
			j.copies = append(j.copies, backend.Copy{Ref: segments[i].Ref, Offset: offset, Local: local, Out: out})
		case out:
			copy(j.pages[i].bytes[offset:], local)
		default:
			copy(local, j.pages[i].bytes[offset:])
		}
	}
	if s.kept != nil {
		s.kept.done(j.pages)
	}
	return s.move(j)
}

// move does the copies that are for the hypervisor to do. It fails if one of them does.
func (s *session) move(j *job) (err error) {
	if len(j.copies) == 0 {
		return nil
	}
	s.driver.stats.copies.Add(uint64(len(j.copies)))
	s.peer.Machine.Copy(s.peer.Domain, j.copies)
	for i := range j.copies {
		if j.copies[i].Err != nil {
			err = j.copies[i].Err
		}
	}
	j.copies = j.copies[:0]
	return err
}
