package volume

import "sync"

// rounds runs commits one at a time, each for all who asked for one before it began.
type rounds struct {
	turn sync.Mutex // of the round that runs
	mu   sync.Mutex
	next *round // that has not begun
}

type round struct {
	done chan struct{}
	err  error
}

// run runs commit, or waits until somebody else has, who began it after the call. It gives that round's error.
func (g *rounds) run(commit func() error) error {
	g.mu.Lock()
	if r := g.next; r != nil {
		g.mu.Unlock()
		<-r.done
		return r.err
	}
	r := &round{done: make(chan struct{})}
	g.next = r
	g.mu.Unlock()

	g.turn.Lock()
	g.mu.Lock()
	g.next = nil // who comes from here on may have done what this round doesn't see
	g.mu.Unlock()
	r.err = commit()
	g.turn.Unlock()
	close(r.done)
	return r.err
}
