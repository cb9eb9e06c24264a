// Package pauses tells how long the program's own runtime has kept its goroutines waiting.
//
// The control domain's daemons are goroutines, so a guest's ring waits when they do. The garbage collector makes them wait in two ways. It stops all of
// them, twice in each collection, for moments; and while it marks what is in use, its workers take a part of the CPUs, and goroutines that allocate have to help. The first
// is [Figures.Stop]; the second is in [Figures.Wait], with all other reasons for which a goroutine that could run did not: others that ran for long.
package pauses

import (
	"math"
	"runtime/metrics"
	"time"
)

// Figures are since the program's start. The runtime keeps such times in classes: each figure is its class's upper bound, at most an eighth above what it was.
type Figures struct {
	Collections uint64
	Stop        time.Duration // the longest for which the collector has stopped all goroutines
	Wait        time.Duration // the longest for which a goroutine that could run has waited
}

const (
	collections = iota
	stops
	waits
)

// Read reads them.
func Read() Figures {
	samples := [...]metrics.Sample{
		collections: {Name: "/gc/cycles/total:gc-cycles"},
		stops:       {Name: "/sched/pauses/total/gc:seconds"},
		waits:       {Name: "/sched/latencies:seconds"},
	}
	metrics.Read(samples[:])
	return Figures{
		Collections: samples[collections].Value.Uint64(),
		Stop:        longest(samples[stops].Value.Float64Histogram()),
		Wait:        longest(samples[waits].Value.Float64Histogram()),
	}
}

// longest is the upper bound of the last class that has something; where there is none, its lower bound.
func longest(h *metrics.Float64Histogram) time.Duration {
	for k := len(h.Counts) - 1; k >= 0; k-- {
		if h.Counts[k] == 0 {
			continue
		}
		bound := h.Buckets[k+1]
		if math.IsInf(bound, 1) {
			bound = h.Buckets[k]
		}
		return time.Duration(math.Ceil(bound * float64(time.Second)))
	}
	return 0
}
