package lines

import (
	"tuco/kernel/evtchn"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
)

// arrive makes an event of an interrupt. The lock is held, and the interrupt not
// yet ended.
func (l *line) arrive(h *lock.Holder) evtchn.Effect {
	switch {
	case !l.bound():
		l.unwanted++
		hardware.mask(l.GSI)
		return evtchn.Effect{}
	case l.message:
	case l.Level:
		l.serving = true
		hardware.mask(l.GSI)
	case l.pace.tooFast(machine.Now()):
		l.resting = true
		hardware.mask(l.GSI)
		hardware.wait(h, &l.rest, window)
	}
	l.count++
	return all.domain.Events.RaisePIRQ(l.number)
}

// bound tells whether somebody waits for the line's interrupts.
func (l *line) bound() bool { return l.number != 0 && all.domain.Events.PIRQBound(l.number) }

// start lets a line interrupt that has just been bound, whatever state its last
// owner has left it in. The lock is held.
func (l *line) start() {
	l.serving, l.resting, l.pace = false, false, pace{}
	if !l.message {
		hardware.route(l.Line, vector(l.GSI), all.cpu)
	}
}

// wake ends a line's rest. Edges that came meanwhile are lost, so it is as if one
// had.
func wake(h *lock.Holder, gsi uint64) {
	l := &all.lines[gsi]
	var e evtchn.Effect
	all.lock.Lock(h)
	if l.resting {
		l.resting = false
		if l.bound() {
			hardware.unmask(l.GSI)
			e = all.domain.Events.RaisePIRQ(l.number)
		}
	}
	all.lock.Unlock(h)
	machine.Apply(h, e)
}

// A line may interrupt this often in a window, which is in nanoseconds: 20,000 times
// a second, more than any device does that has a line triggered by edges.
const (
	window    = 10_000_000
	perWindow = 200
)

// pace counts the interrupts in the window that began at start.
type pace struct {
	start uint64
	n     int
}

// tooFast counts another, and tells whether there are to be no more for a while.
func (p *pace) tooFast(now uint64) bool {
	if now >= p.start+window {
		p.start, p.n = now, 0
	}
	p.n++
	return p.n >= perWindow
}
