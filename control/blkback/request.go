package blkback

import (
	"errors"
	"fmt"
	"runtime/debug"

	"tuco/control/backend"
	"tuco/ring/blkif"
)

var (
	errReadOnly  = errors.New("the device is read-only")
	errAlignment = errors.New("not whole sectors of the device")
	errShort     = errors.New("the disk gave less than was asked for")
)

// start has a request done, which was taken: it is answered, whatever happens.
func (s *session) start(request *blkif.Request) {
	j := jobs.Get().(*job)
	c := &j.command
	if err := c.Decode(request, maxIndirect); err != nil {
		s.limit(0)
		s.driver.stats.refused.Add(1)
		s.reply(j, err)
		return
	}
	j.reserve()
	s.limit(len(j.data))
	if c.Op == blkif.OpBarrier {
		s.budget.idle()
		s.budget.take(len(j.data))
		s.finish(j) // nothing else is taken meanwhile
		return
	}
	s.budget.take(len(j.data))
	go s.finish(j)
}

// limit waits until the guest may have more done. A session that ends waits no longer.
func (s *session) limit(bytes int) {
	now := s.config.Clock.Now()
	wait := max(s.config.Bytes.Take(bytes, now), s.config.Requests.Take(1, now))
	if wait > 0 {
		s.driver.stats.throttled.Add(int64(wait))
		_ = s.pause(wait)
	}
}

// finish does a request and answers it.
func (s *session) finish(j *job) {
	bytes := len(j.data)
	s.reply(j, s.safely(j))
	s.budget.give(bytes)
}

// reply answers a request, of which nothing is left then.
func (s *session) reply(j *job, err error) {
	status := blkif.StatusOK
	switch {
	case errors.Is(err, blkif.ErrOp), errors.Is(err, errors.ErrUnsupported):
		status = blkif.StatusUnsupported
	case err != nil:
		status = blkif.StatusError
	}
	s.answer(j.command.ID, j.command.Op, status)
	j.free()
}

// safely does a request. A disk that panics fails that request: there are other guests.
func (s *session) safely(j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.driver.stats.failed.Add(1)
			s.config.Log.Error("a disk has panicked", "device", s.peer.String(), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the disk has panicked: %v", p)
		}
	}()
	n, err := s.check(j)
	if err != nil {
		s.driver.stats.refused.Add(1)
		return err
	}
	return s.do(j, n)
}

// check completes a command, and checks that it can be done. It returns how many bytes it is about.
func (s *session) check(j *job) (n int64, err error) {
	c := &j.command
	if err := s.list(j); err != nil {
		return 0, err
	}
	sectors, err := c.Sectors(s.sectors)
	n = int64(sectors) * blkif.SectorSize
	writes := c.Op != blkif.OpRead && (c.Op != blkif.OpFlush || n > 0) && (c.Op != blkif.OpBarrier || n > 0)
	aligned := (n|int64(c.Sector)*blkif.SectorSize)%int64(s.config.SectorSize) == 0
	switch {
	case err != nil:
		return 0, err
	case writes && s.config.ReadOnly:
		return 0, errReadOnly
	case n > 0 && !aligned:
		return 0, errAlignment
	case c.Op == blkif.OpDiscard && !s.config.Discard:
		return 0, errors.ErrUnsupported
	}
	return n, nil
}

// list copies the lists of an indirect request's segments: once, and all at once.
func (s *session) list(j *job) error {
	c := &j.command
	if len(c.Pages) == 0 {
		return nil
	}
	const pageSize = backend.PageSize
	rest := c.Listed * segmentSize
	var parts [blkif.MaxIndirectPages]blkif.Segment
	for i, ref := range c.Pages {
		n := min(rest, pageSize)
		parts[i] = blkif.Segment{Ref: ref, Last: uint8((n - 1) / blkif.SectorSize)}
		rest -= n
	}
	if err := s.data(j, parts[:len(c.Pages)], j.data, false); err != nil {
		return err
	}
	for i := range c.Pages {
		c.Listing(j.data[i*pageSize:])
	}
	return nil
}

// do does a command that was checked.
func (s *session) do(j *job, n int64) error {
	c, disk, stats := &j.command, s.config.Disk, &s.driver.stats
	off := int64(c.Sector) * blkif.SectorSize
	data := j.data[:min(n, int64(len(j.data)))] // of a discard, nothing
	switch c.Op {
	case blkif.OpRead:
		stats.reads.Add(1)
		stats.bytesRead.Add(uint64(n))
		if err := s.judge(whole(disk.ReadAt, data, off)); err != nil {
			return err
		}
		return s.data(j, c.Segments, data, true)
	case blkif.OpDiscard:
		stats.discards.Add(1)
		return s.judge(disk.Discard(off, n))
	}
	if c.Op != blkif.OpWrite { // what was answered before is durable before what comes with it
		stats.flushes.Add(1)
		if err := s.judge(disk.Flush()); err != nil || n == 0 {
			return err
		}
	}
	stats.writes.Add(1)
	stats.bytesWritten.Add(uint64(n))
	if err := s.data(j, c.Segments, data, false); err != nil {
		return err
	}
	if err := s.judge(whole(disk.WriteAt, data, off)); err != nil {
		return err
	}
	if c.Op == blkif.OpBarrier {
		return s.judge(disk.Flush())
	}
	return nil
}

// judge counts the disk's failures.
func (s *session) judge(err error) error {
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		s.driver.stats.failed.Add(1)
		s.config.Log.Warn("the disk has failed", "device", s.peer.String(), "reason", err)
	}
	return err
}
