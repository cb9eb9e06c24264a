package trace

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"tuco/hypercall"
)

// A Reader reads what is recorded from its making on. Its methods are for one goroutine.
type Reader struct {
	service *Service
	classes uint64
	places  []uint64 // in each buffer
	waiting []Record // in the order of time, which others may come before
	latest  uint64   // time of the latest record that was seen
	passed  int      // of waiting, those that were given out
}

// interval is how often the buffers are looked at. One has room for 2,046 records.
const interval = 10 * time.Millisecond

// Next waits for records, and gives them in the order of time; the slice is the caller's until he calls again. Where some were lost, a record
// CONTROLTRACE_lost says how many. The error is the context's.
func (r *Reader) Next(ctx context.Context) ([]Record, error) {
	for {
		if records := r.look(); len(records) > 0 {
			return records, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(interval):
		}
	}
}

// look copies what has come. The buffers are looked at one after the other, so that a record of one may be older than the last ones of another that was
// looked at before. But what comes next is younger than all that was seen before this look began: so far the order is known.
func (r *Reader) look() []Record {
	r.waiting = append(r.waiting[:0], r.waiting[r.passed:]...)
	known, before := r.latest, len(r.waiting)
	for i := range r.service.buffers {
		r.read(i)
	}
	if len(r.waiting) == before {
		known = math.MaxUint64 // nothing that is on its way belongs before
	}
	for _, e := range r.waiting[before:] {
		r.latest = max(r.latest, e.TSC)
	}
	slices.SortStableFunc(r.waiting, func(a, b Record) int { return cmp.Compare(a.TSC, b.TSC) })
	r.passed = 0
	for r.passed < len(r.waiting) && r.waiting[r.passed].TSC <= known {
		r.passed++
	}
	return r.waiting[:r.passed]
}

// read takes what has come to one buffer.
func (r *Reader) read(i int) {
	start := len(r.waiting)
	var lost uint64
	r.waiting, lost, r.places[i] = r.service.buffers[i].since(r.waiting, r.places[i])
	if lost == 0 {
		return
	}
	e := Record{TSC: r.latest, Event: hypercall.CONTROLTRACE_lost, CPU: uint16(i), VCPU: hypercall.CONTROLTRACE_NO_VCPU, A: lost}
	if start < len(r.waiting) {
		e.TSC = r.waiting[start].TSC
	}
	r.waiting = slices.Insert(r.waiting, start, e)
}

// TicksPerMillisecond is how fast the records' time runs.
func (r *Reader) TicksPerMillisecond() uint64 { return r.service.buffers[0].header.TSCkHz }

// CPUs is how many CPUs record.
func (r *Reader) CPUs() int { return len(r.places) }

// Close ends the reader. What only it has asked for is not recorded any more.
func (r *Reader) Close() { r.service.leave(r) }
