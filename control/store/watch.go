package store

import (
	"cmp"
	"slices"
	"strings"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// watchKey is what a client's watches differ in.
type watchKey struct{ path, token string }

type watch struct {
	watchKey
	client *Client
	shown  string // its path as the client wrote it
	number uint64 // events come in the order in which watches were set
	missed bool   // there was no room for an event: one of the watch's own path is due
}

// watch sets a watch, which tells of itself at once. E2BIG: the domain has too many, or an event would not fit in a message.
func (c *Client) watch(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	path, errno := c.watchable(texts[0])
	if errno != 0 {
		return nil, errno
	}
	s, key := c.store, watchKey{path, texts[1]}
	switch {
	case c.watches[key] != nil:
		return nil, syscall.EEXIST
	case !c.privileged() && c.domain.watches >= s.quota.Watches:
		return nil, syscall.E2BIG
	}
	s.setting++
	w := &watch{watchKey: key, client: c, shown: texts[0], number: s.setting}
	s.set(w)
	c.post(w, path)
	return done, 0
}

// set puts a watch where changes find it.
func (s *Store) set(w *watch) {
	w.client.watches[w.watchKey] = w
	w.client.domain.watches++
	s.watches[w.path] = append(s.watches[w.path], w)
}

func (c *Client) endWatch(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	path, errno := c.watchable(texts[0])
	if errno != 0 {
		return nil, errno
	}
	w := c.watches[watchKey{path, texts[1]}]
	if w == nil {
		return nil, syscall.ENOENT
	}
	c.unwatch(w)
	return done, 0
}

// unwatch ends a watch. No event of it comes any more.
func (c *Client) unwatch(w *watch) {
	delete(c.watches, w.watchKey)
	c.domain.watches--
	c.events.drop(w)
	all := c.store.watches
	if len(all[w.path]) == 1 {
		delete(all, w.path)
		return
	}
	all[w.path] = slices.DeleteFunc(all[w.path], func(other *watch) bool { return other == w })
}

func (c *Client) reset(*transaction, []string) ([]byte, syscall.Errno) {
	c.Reset()
	return done, 0
}

// tell tells of a change those who watch the node, or what it is in, and may see it.
func (s *Store) tell(change change) {
	told := slices.Clone(s.watches[change.path])
	for path := change.path; !change.exact && path != "/"; {
		path = tree.Above(path)
		told = append(told, s.watches[path]...)
	}
	slices.SortFunc(told, func(a, b *watch) int { return cmp.Compare(a.number, b.number) })
	for _, w := range told {
		if c := w.client; c.sees(change.before) || c.sees(change.after) || c.sees(change.dir) {
			c.post(w, change.path)
		}
	}
}

// sees tells whether the client may read by some permissions, if there are any.
func (c *Client) sees(perms tree.Perms) bool { return perms != nil && c.may(perms, false) }

// tellSpecial tells of domains that come and go.
func (s *Store) tellSpecial(path string) {
	s.tell(change{path: path, exact: true, after: s.special[path]})
}

// event is the message that tells of a path. If that is too long to be told, the watch's own is told, which stands for all of it.
func (w *watch) event(path string) wire.Message {
	shown := path
	if w.shown != w.path {
		shown = strings.TrimPrefix(path, w.client.home+"/")
	}
	if len(shown)+1+len(w.token)+1 > hypercall.XENSTORE_PAYLOAD_MAX {
		shown = w.shown
	}
	return wire.Message{Type: hypercall.XS_WATCH_EVENT, Body: wire.Join(shown, w.token)}
}
