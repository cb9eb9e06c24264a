package tracing

import (
	"cmp"
	"slices"
	"time"

	"tuco/hypercall"
)

// Tally adds up how often what happened, and how long the hypervisor took for it.
type Tally struct {
	ticks       uint64 // in a millisecond
	cpus        int
	first, last uint64
	lost        uint64
	sums        map[[2]string]*sum
	serving     map[uint16]*sum // by CPU: what was begun and is not served yet
}

type sum struct {
	count, ticks uint64
	timed        bool
}

// NewTally makes a tally of what some CPUs do, whose time is so many ticks in a millisecond.
func NewTally(ticksPerMillisecond uint64, cpus int) *Tally {
	return &Tally{ticks: max(ticksPerMillisecond, 1), cpus: max(cpus, 1), sums: map[[2]string]*sum{}, serving: map[uint16]*sum{}}
}

// Add adds a record, in the order of time.
func (t *Tally) Add(r *Record, e Event) {
	if t.first == 0 {
		t.first = r.TSC
	}
	t.last = max(t.last, r.TSC)
	switch r.Event {
	case hypercall.CONTROLTRACE_lost:
		t.lost += r.A
		delete(t.serving, r.CPU)
		return
	case hypercall.CONTROLTRACE_served:
		if s := t.serving[r.CPU]; s != nil {
			s.ticks += r.A
			s.timed = true
			delete(t.serving, r.CPU)
		}
		return
	}
	key := [2]string{e.Name, e.Kind}
	s := t.sums[key]
	if s == nil {
		s = new(sum)
		t.sums[key] = s
	}
	s.count++
	if r.Event.Class() == hypercall.CONTROLTRACE_EXIT {
		t.serving[r.CPU] = s
	}
}

// Row is what happened of one kind.
type Row struct {
	Event string  `json:"event"`
	Kind  string  `json:"kind,omitempty"`
	Count uint64  `json:"count"`
	Time  float64 `json:"time,omitempty"`  // seconds that the hypervisor took for it
	Share float64 `json:"share,omitempty"` // of the time of all CPUs
}

// Summary is all of it, what took longest first.
type Summary struct {
	Time float64 `json:"time"` // seconds from the first record to the last
	CPUs int     `json:"cpus"`
	Lost uint64  `json:"lost"` // records that nobody was fast enough to read
	Rows []Row   `json:"rows"`
}

// Summary adds up.
func (t *Tally) Summary() Summary {
	s := Summary{Time: t.Seconds(t.last - t.first), CPUs: t.cpus, Lost: t.lost, Rows: []Row{}}
	for key, n := range t.sums {
		row := Row{Event: key[0], Kind: key[1], Count: n.count}
		if n.timed {
			row.Time = t.Seconds(n.ticks)
			if s.Time > 0 {
				row.Share = row.Time / (s.Time * float64(t.cpus))
			}
		}
		s.Rows = append(s.Rows, row)
	}
	slices.SortFunc(s.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Kind, b.Kind))
	})
	return s
}

// Since is the time from the first record to one.
func (t *Tally) Since(r *Record) float64 { return t.Seconds(r.TSC - min(t.first, r.TSC)) }

// Seconds is so many ticks.
func (t *Tally) Seconds(ticks uint64) float64 {
	return float64(ticks) / float64(t.ticks) / float64(time.Second/time.Millisecond)
}
