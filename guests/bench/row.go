package main

import (
	"slices"

	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// A row is an operation, and how to do it.
type row struct {
	op      string
	n       int    // how many of it a sample has
	samples int    // how many are taken; 0: as many as of a hypercall
	before  func() // makes ready for a sample, and isn't measured

	measure func() probe.Reading // takes a sample
	work    func()               // or else this is Go code that is one

	after func() // tidies up behind the last sample
}

const defaultSamples = 31

// refused is the first error of a hypercall in a row.
var refused hypercall.Errno

// check keeps the error of a hypercall that must not fail.
func check(err hypercall.Errno) {
	if refused == 0 {
		refused = err
	}
}

// A cost is what a row has come to, for each operation.
type cost struct {
	ticks, exits float64
}

// overheads is what the measuring takes of a sample, of either kind.
type overheads struct {
	measure, work probe.Reading
}

func newOverheads() overheads {
	measure, work := row{measure: probe.Nothing}, row{work: func() {}}
	return overheads{measure.median(), work.median()}
}

// cost takes the samples. The error tells that the hypervisor refused something.
func (r *row) cost(less overheads) (cost, hypercall.Errno) {
	refused = 0
	overhead := less.measure
	if r.measure == nil {
		overhead = less.work
	}
	sample := r.median().Less(overhead)
	return cost{float64(sample.Ticks) / float64(r.n), float64(sample.Exits) / float64(r.n)}, refused
}

// median is that of the samples' ticks, and that of their exits. It leaves out those that an interrupt disturbed.
func (r *row) median() probe.Reading {
	n := r.samples
	if n == 0 {
		n = defaultSamples
	}
	ticks, exits := make([]uint64, n), make([]uint64, n)
	for i := range n {
		if refused == 0 {
			reading := r.sample()
			ticks[i], exits[i] = reading.Ticks, reading.Exits
		}
	}
	if r.after != nil {
		r.after()
	}
	slices.Sort(ticks)
	slices.Sort(exits)
	return probe.Reading{Ticks: ticks[n/2], Exits: exits[n/2]}
}

func (r *row) sample() probe.Reading {
	if r.before != nil {
		r.before()
	}
	if r.measure == nil {
		return probe.Go(r.work)
	}
	return r.measure()
}

// probed is a row of an operation that must not fail.
func probed(op string, n int, before func(), measure func() probe.Reading) row {
	return row{op: op, n: n, before: before, measure: func() probe.Reading {
		reading := measure()
		check(hypercall.Failed(reading.Result))
		return reading
	}}
}

// called is a row of a hypercall that must not fail.
func called(op string, n int, before func(), number hypercall.Number, args ...uint64) row {
	c := newCall(number, args...)
	return probed(op, n, before, func() probe.Reading { return probe.Time(c) })
}

// newCall is a hypercall's registers.
func newCall(number hypercall.Number, args ...uint64) *probe.Call {
	c := &probe.Call{Number: number}
	copy(c.Args[:], args)
	return c
}
