package vswitch

import (
	"time"

	"tuco/control/packet"
)

// table is who has which address.
type table struct {
	entries map[packet.MAC]entry
	learned int // entries that are not fixed
	most    int // of those
	age     time.Duration
	swept   time.Time
}

type entry struct {
	port  *Port
	fixed bool
	seen  time.Time
}

func makeTable(most int, age time.Duration) table {
	return table{entries: map[packet.MAC]entry{}, most: most, age: age}
}

// fix gives a port its address for good. If it was learned elsewhere, that was wrong.
func (t *table) fix(m packet.MAC, p *Port) {
	if old, ok := t.entries[m]; ok && !old.fixed {
		t.learned--
	}
	t.entries[m] = entry{port: p, fixed: true}
}

// find is the port that has an address.
func (t *table) find(m packet.MAC, now time.Time) (p *Port, fixed bool) {
	e, ok := t.entries[m]
	if !ok || !e.fixed && now.Sub(e.seen) > t.age {
		return nil, false
	}
	return e.port, e.fixed
}

// learn notes that a frame with a source address came from a port. It tells whether the port may have the address.
func (t *table) learn(m packet.MAC, p *Port, now time.Time) bool {
	e, known := t.entries[m]
	switch {
	case m.Group():
		return false
	case e.fixed:
		return e.port == p
	case known:
	case t.learned >= t.most && !t.sweep(now):
		return true
	default:
		t.learned++
	}
	t.entries[m] = entry{port: p, seen: now}
	return true
}

// sweep forgets those that have been silent for long. It tells whether there is room. It is done once a second at most: the
// table may be full for long.
func (t *table) sweep(now time.Time) bool {
	if now.Sub(t.swept) < time.Second {
		return false
	}
	t.swept = now
	for m, e := range t.entries {
		if !e.fixed && now.Sub(e.seen) > t.age {
			delete(t.entries, m)
			t.learned--
		}
	}
	return t.learned < t.most
}

// forget forgets a port's addresses.
func (t *table) forget(p *Port) {
	for m, e := range t.entries {
		if e.port == p {
			delete(t.entries, m)
			if !e.fixed {
				t.learned--
			}
		}
	}
}
