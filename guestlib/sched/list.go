package sched

// A list is threads in some order. A thread has a link for each kind of list that it can be in at the same time.
type list struct {
	first, last *Thread
	kind        kind
}

type kind uint8

const (
	byTurn kind = iota // the queue, or those who wait for a key
	byTime             // those who wait until some time
	kinds
)

type link struct{ previous, next *Thread }

func (l *list) append(t *Thread) { l.insert(t, nil) }

// insert puts a thread before another, or at the end.
func (l *list) insert(t, before *Thread) {
	previous := l.last
	if before != nil {
		previous = before.links[l.kind].previous
		before.links[l.kind].previous = t
	} else {
		l.last = t
	}
	t.links[l.kind] = link{previous, before}
	if previous != nil {
		previous.links[l.kind].next = t
	} else {
		l.first = t
	}
}

func (l *list) remove(t *Thread) {
	at := t.links[l.kind]
	if at.previous != nil {
		at.previous.links[l.kind].next = at.next
	} else {
		l.first = at.next
	}
	if at.next != nil {
		at.next.links[l.kind].previous = at.previous
	} else {
		l.last = at.previous
	}
	t.links[l.kind] = link{}
}

// insertByTime keeps the list sorted by deadlines. It is short: few threads wait until a time.
func (l *list) insertByTime(t *Thread) {
	at := l.first
	for at != nil && at.deadline <= t.deadline {
		at = at.links[byTime].next
	}
	l.insert(t, at)
}
