package model

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"tuco/guestlib/frontend"
)

// Tree is a store: nodes and their values.
type Tree struct {
	home string // where paths begin that don't begin with a slash

	mu      sync.Mutex
	nodes   map[string]string
	watches map[*watch]string
	gone    bool
}

func newTree(home string) *Tree {
	return &Tree{home: home, nodes: map[string]string{}, watches: map[*watch]string{}}
}

func (t *Tree) full(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return t.home + path
}

// Read implements frontend.Store.
func (t *Tree) Read(path string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.nodes[t.full(path)]
	switch {
	case t.gone:
		return "", frontend.ErrStoreLost
	case !ok:
		return "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return v, nil
}

// List implements frontend.Store.
func (t *Tree) List(path string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	below := t.full(path) + "/"
	names := map[string]bool{}
	for node := range t.nodes {
		if rest, ok := strings.CutPrefix(node, below); ok {
			name, _, _ := strings.Cut(rest, "/")
			names[name] = true
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// WriteAll implements frontend.Store.
func (t *Tree) WriteAll(nodes map[string]string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return frontend.ErrStoreLost
	}
	for path, value := range nodes {
		t.nodes[t.full(path)] = value
	}
	for path := range nodes {
		t.tell(t.full(path))
	}
	return nil
}

// Remove removes a node and all below it.
func (t *Tree) Remove(path string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	path = t.full(path)
	for node := range t.nodes {
		if node == path || strings.HasPrefix(node, path+"/") {
			delete(t.nodes, node)
			t.tell(node)
		}
	}
	return nil
}

// tell tells those who watch a node or one above it.
func (t *Tree) tell(node string) {
	for w, path := range t.watches {
		if node == path || strings.HasPrefix(node, path+"/") {
			w.raise()
		}
	}
}

// Watch implements frontend.Store.
func (t *Tree) Watch(path string) (frontend.Watch, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return nil, frontend.ErrStoreLost
	}
	w := &watch{tree: t, changed: make(chan struct{}, 1)}
	t.watches[w] = t.full(path)
	w.raise() // a watch tells at once, as the store's do
	return w, nil
}

// Watches is how many watches there are.
func (t *Tree) Watches() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.watches)
}

// Leave has the store go away.
func (t *Tree) Leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	for w := range t.watches {
		close(w.changed)
	}
	clear(t.watches)
}

type watch struct {
	tree    *Tree
	changed chan struct{}
}

func (w *watch) Changed() <-chan struct{} { return w.changed }

func (w *watch) raise() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *watch) Stop() {
	w.tree.mu.Lock()
	defer w.tree.mu.Unlock()
	delete(w.tree.watches, w)
}
