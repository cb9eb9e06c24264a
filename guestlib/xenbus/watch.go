package xenbus

import (
	"context"
	"strconv"
	"sync"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// A Watch tells of changes of a node and of all below it. It tells of the node itself once when it is set.
type Watch struct {
	store       *Store
	path, token string

	lock    sync.Mutex
	changed chan struct{}
	paths   map[string]bool
	ended   error
}

// maxPaths is how many changed paths a watch remembers.
const maxPaths = 256

// Watch sets a watch.
func (s *Store) Watch(path string) (*Watch, error) {
	s.lock.Lock()
	s.tokens++
	w := &Watch{store: s, path: path, token: strconv.FormatUint(s.tokens, 36), changed: make(chan struct{}, 1), paths: map[string]bool{}}
	if s.failed == nil {
		s.watches[w.token] = w
	}
	s.lock.Unlock()
	body, err := s.ops.ask("watch", hypercall.XS_WATCH, path, w.token)
	if err := done("watch", path, body, err); err != nil {
		w.forget(ErrClosed)
		return nil, err
	}
	return w, nil
}

// Changed has something to receive when there is something for Take. It is closed when the watch has ended.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Take is the paths that have changed since the last Take, in no order: each as the watch's own was given, absolute or not. The
// watch's own path means that anything below may have changed.
func (w *Watch) Take() (paths []string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	for p := range w.paths {
		paths = append(paths, p)
	}
	clear(w.paths)
	return paths
}

// Wait waits for changes, and takes them. It fails with the context's error, or with the reason of the watch's end.
func (w *Watch) Wait(ctx context.Context) ([]string, error) {
	for {
		if paths := w.Take(); len(paths) > 0 {
			return paths, nil
		}
		select {
		case _, ok := <-w.changed:
			if !ok {
				return nil, w.Err()
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Err is why the watch has ended, or nil.
func (w *Watch) Err() error {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.ended
}

// Stop ends the watch.
func (w *Watch) Stop() {
	if w.forget(ErrClosed) {
		// Whatever the answer, it is over: events that still come are for nobody.
		_, _ = w.store.ask(hypercall.XS_UNWATCH, 0, wire.Join(w.path, w.token))
	}
}

// forget ends the watch, and tells whether the daemon has it still.
func (w *Watch) forget(reason error) bool {
	w.store.lock.Lock()
	defer w.store.lock.Unlock()
	_, there := w.store.watches[w.token]
	delete(w.store.watches, w.token)
	w.end(reason)
	return there
}

// add remembers a change.
func (w *Watch) add(path string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.ended != nil {
		return
	}
	if len(w.paths) == maxPaths && !w.paths[path] {
		clear(w.paths)
		path = w.path
	}
	w.paths[path] = true
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *Watch) end(reason error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.ended == nil {
		w.ended = reason
		close(w.changed)
	}
}
