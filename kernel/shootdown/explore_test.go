package shootdown

import (
	"fmt"
	"iter"
)

// explorer runs a few CPUs as coroutines, one step at a time, through every
// order of their steps that switches away from a willing CPU at most bound
// times. A step ends before each access to a shared word.
type explorer struct {
	bound int

	threads []*thread
	now     *thread // who is running
	steps   int
	changes int // of what spinning threads look at

	choices []choice // of this run; the first fixed of them are replayed
	fixed   int
	failed  string
}

// choice is one decision: which of n continuations was taken.
type choice struct{ taken, n int }

type thread struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool

	idling  bool // it has nothing more to do of its own
	done    bool
	resting bool // it spins, in a turn that saw the first seen changes
	seen    int
}

// able tells whether there is any use in running the thread.
func (t *thread) able(e *explorer) bool {
	return !t.done && !(t.resting && t.seen == e.changes)
}

// point ends a step.
func (e *explorer) point() { e.now.yield(struct{}{}) }

// rest ends a turn of a spin loop: the thread goes on when something has
// changed since the turn began.
func (e *explorer) rest() {
	t := e.now
	t.resting = true
	e.point()
	t.resting = false
	t.seen = e.changes
}

// idle says that this thread only reacts from now on.
func (e *explorer) idle() {
	e.now.idling = true
	e.changes++
}

// ended tells whether all other threads have come to their end.
func (e *explorer) ended() bool {
	for _, t := range e.threads {
		if t != e.now && !t.done && !t.idling {
			return false
		}
	}
	return true
}

func (e *explorer) fail(format string, args ...any) {
	if e.failed == "" {
		e.failed = fmt.Sprintf(format, args...)
	}
}

// explore runs every schedule of what setup starts, until one fails; it
// returns how many ran and what failed.
func explore(bound int, setup func(e *explorer) []func()) (runs int, failure string) {
	var path []choice
	for {
		e := &explorer{bound: bound, choices: path, fixed: len(path)}
		e.run(setup(e))
		runs++
		if e.failed != "" {
			return runs, e.failed
		}
		// The next path: the deepest choice that has an alternative left.
		path = e.choices
		for len(path) > 0 && path[len(path)-1].taken+1 == path[len(path)-1].n {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return runs, ""
		}
		path[len(path)-1].taken++
	}
}

func (e *explorer) run(bodies []func()) {
	for _, body := range bodies {
		t := &thread{}
		t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
			t.yield = yield
			e.point()
			body()
		})
		e.threads = append(e.threads, t)
		e.now = t
		t.next() // up to its first point
	}
	defer func() {
		for _, t := range e.threads {
			e.now = t
			t.yield = func(struct{}) bool { panic(abandoned{}) }
			func() {
				defer func() {
					if r := recover(); r != nil {
						if _, ok := r.(abandoned); !ok {
							panic(r)
						}
					}
				}()
				t.stop()
			}()
		}
	}()
	last, depth := e.threads[0], 0
	for e.failed == "" {
		var able []*thread
		if last.able(e) {
			able = append(able, last)
		}
		willing := len(able) == 1
		if !willing || e.bound > 0 {
			for _, t := range e.threads {
				if t != last && t.able(e) {
					able = append(able, t)
				}
			}
		}
		if len(able) == 0 {
			for _, t := range e.threads {
				if !t.done {
					e.fail("deadlock: all wait")
				}
			}
			return
		}
		if depth == e.fixed {
			e.choices = append(e.choices[:depth], choice{0, len(able)})
			e.fixed++
		}
		t := able[e.choices[depth].taken]
		depth++
		if willing && t != last {
			e.bound--
		}
		last, e.now = t, t
		_, more := t.next()
		if !more {
			t.done = true
			e.changes++
		}
		if e.steps++; e.steps > 10_000 {
			e.fail("livelock: no end after %d steps", e.steps)
		}
	}
}

// abandoned unwinds a thread whose run has failed.
type abandoned struct{}
