package main

import (
	"fmt"
	"slices"

	"tuco/guestlib/clock"
	"tuco/hypercall"
)

// A row is an operation, and how to do it.
type row struct {
	op      string
	n       int    // how many of it work does
	samples int    // how many are taken; 0: as many as of a hypercall
	before  func() // makes ready for a sample, and isn't measured
	work    func()
}

const (
	header         = "op\tdiv\tticks(median/op)"
	defaultSamples = 31
)

// refused is the first error of a hypercall in work.
var refused hypercall.Errno

// check keeps the error of a hypercall that must not fail.
func check(err hypercall.Errno) {
	if refused == 0 {
		refused = err
	}
}

// measure takes the samples, and returns the median of their ticks, less the overhead of measuring.
func (r *row) measure(overhead uint64) (ticks uint64, err error) {
	if r.samples == 0 {
		r.samples = defaultSamples
	}
	samples := make([]uint64, r.samples)
	for i := range samples {
		if r.before != nil {
			r.before()
		}
		begin := clock.TSC()
		r.work()
		samples[i] = clock.TSC() - begin
	}
	if refused != 0 {
		return 0, fmt.Errorf("%s: the hypervisor refused it with error %d", r.op, refused)
	}
	slices.Sort(samples)
	median := samples[len(samples)/2]
	return median - min(overhead, median), nil
}

func (r *row) line(ticks uint64) string {
	return fmt.Sprintf("%s\t%d\t%.1f", r.op, r.n, float64(ticks)/float64(r.n))
}
