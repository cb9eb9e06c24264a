package main

import "tuco/qemu-tests/guests/pv"

// pattern is memory that nobody else may write to.
var pattern [64 << 10]uint64

// neighbour sleeps a fraction of a millisecond at a time for so long, and says how late it woke at the worst; and it requires
// its memory to be as it left it.
func neighbour(ns uint64) {
	const warmUp = 100 * pv.Millisecond // after which it has got no more than its share of the processor
	pv.MaskUpcalls()
	timer := pv.BindTimer()
	seed := random(1)
	for i := range pattern {
		pattern[i] = seed.next()
	}
	intervals := random(2)
	pv.Sleep(pv.Now() + warmUp)
	worst, wakes := uint64(0), uint64(0)
	for end := pv.Now() + ns; pv.Now() < end; wakes++ {
		at := pv.Now() + 100_000 + intervals.below(900_000)
		pv.SetTimer(at)
		pv.Need("poll", pv.Poll(0, timer))
		late := pv.Now() - at
		pv.ForgetEvents()
		if late > worst {
			worst = late
			pv.Print("neighbour: %d us late at %d us", late/1000, pv.Now()/1000)
		}
	}
	seed = random(1)
	for i := range pattern {
		if pattern[i] != seed.next() {
			panic("its memory has changed")
		}
	}
	pv.Print("neighbour: %d wakes, at the worst %d us late", wakes, worst/1000)
	pv.Sleep(pv.Now() + pv.Number("stay=", 0)*pv.Second)
}
