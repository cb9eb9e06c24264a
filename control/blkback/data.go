package blkback

import (
	"io"
	"unsafe"

	"tuco/control/backend"
	"tuco/hypercall"
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

// data copies a command's data between the guest's pages and memory of this domain's.
func (s *session) data(j *job, data []byte, out bool) error {
	for _, segment := range j.command.Segments {
		offset, length := segment.Bytes()
		s.part(j, segment.Ref, offset, data[:length], out)
		data = data[length:]
	}
	return s.move(j)
}

// part copies a part of a page, or has move do it.
func (s *session) part(j *job, ref hypercall.GrantRef, offset int, local []byte, out bool) {
	if s.kept != nil {
		if p := s.kept.use(ref); p != nil {
			if shared := p.mapping.Bytes()[offset:]; out {
				copy(shared, local)
			} else {
				copy(local, shared)
			}
			s.kept.done(p)
			return
		}
	}
	j.copies = append(j.copies, backend.Copy{Ref: ref, Offset: offset, Local: local, Out: out})
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
