package store

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// again has another store go on with the state of the world's.
func (w *world) again(names ...string) *world {
	var clients []*Client
	for _, name := range names {
		clients = append(clients, w.client(name))
	}
	text, err := json.Marshal(w.store.Save(clients))
	require.NoError(w.t, err)
	var state State
	require.NoError(w.t, json.Unmarshal(text, &state))
	next := &world{w.t, nil, map[string]*Client{}, w.host}
	next.store, clients, err = Load(state, DefaultQuota, w.host, slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	for i, name := range names {
		next.clients[name] = clients[i]
	}
	require.Equal(w.t, "OK", next.store.Check())
	second := next.store.Save(clients)
	require.GreaterOrEqual(w.t, second.Changes, state.Changes, "it has done the transactions' changes again")
	second.Changes = state.Changes
	same, err := json.Marshal(second)
	require.NoError(w.t, err)
	require.JSONEq(w.t, string(text), string(same))
	return next
}

// Another store has all of the first: nodes, permissions, accounts, watches, transactions, and events that were not taken.
func TestState(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		0 INTRODUCE 5|1|1| -> OK|
		0 INTRODUCE 6|1|1| -> OK|
		0 SET_TARGET 6|5| -> OK|
		0 SET_PERMS @releaseDomain|n0|r6| -> OK|
		5 WRITE a/b|` + "\xff" + `||value -> OK|
		5 SET_PERMS a/b|n5|r6|w7| -> OK|
		5 WATCH a|` + "\xfe" + `| -> OK|
		5 WATCH /local/domain/5|abs| -> OK|
		6 WATCH @releaseDomain|r| -> OK|
		5 TRANSACTION_START | -> 1|
		5#1 WRITE mine|1 -> OK|
		5 TRANSACTION_START | -> 2|
		5#2 READ a/b| -> ` + "\xff" + `||value
		5#2 WRITE c|1 -> OK|
		0 TRANSACTION_START | -> 1|
		0#1 WRITE /late|1 -> OK|
		0#1 SET_PERMS /late|n0|r7| -> OK|
		5 WRITE a/b|new -> OK|
	`)
	w.store.Shutdown(5)
	w.store.Release(7)
	w = w.again("0", "5", "6").run(`
		5 READ a/b| -> new
		0 GET_PERMS /local/domain/5/a/b| -> n5|r6|
		0 IS_DOMAIN_INTRODUCED 5| -> T|
		5 EVENTS -> a|` + "\xfe" + ` /local/domain/5|abs a/b|` + "\xfe" + ` /local/domain/5/a/b|abs a/b|` + "\xfe" + ` /local/domain/5/a/b|abs
		5#1 READ mine| -> 1
		5#1 TRANSACTION_END T| -> OK|
		5 READ mine| -> 1
		5#2 TRANSACTION_END T| -> EAGAIN
		0#1 TRANSACTION_END T| -> EAGAIN
		5 TRANSACTION_START | -> 3|
		6 READ /local/domain/5/mine| -> 1
		6 EVENTS -> @releaseDomain|r @releaseDomain|r
		0 GET_PERMS @releaseDomain| -> n0|r6|
	`)
	w.store.Shutdown(5) // which was told before
	w.run(`6 EVENTS ->`)
	w.store.Resume(5)
	w.store.Shutdown(5)
	w.run(`6 EVENTS -> @releaseDomain|r`)
}

func TestStateOfFullQueues(t *testing.T) {
	w := newWorld(t).run(`
		0 WATCH /a|1| -> OK|
		0 WATCH /b|2| -> OK|
	`)
	for i := range DefaultQuota.Events {
		w.ask("0", fmt.Sprintf("WRITE /a|%d", i))
	}
	w.ask("0", "WRITE /b|")
	before := w.store.Save([]*Client{w.client("0")})
	w = w.again("0")
	require.Len(t, before.Clients[0].Missed, 2)
	woken := false
	w.client("0").OnEvent(func() { woken = true })
	require.True(t, woken)
	require.Contains(t, w.events("0"), "/a|1 /a|1 /b|2")
}

// What is no state of a store is refused, with what is wrong in it.
func TestBadState(t *testing.T) {
	good := func() State {
		w := newWorld(t).home(5).run(`
			5 WATCH a|t| -> OK|
			5 TRANSACTION_START | -> 1|
			5#1 WRITE a|1 -> OK|
			5#1 SET_PERMS a|n5| -> OK|`)
		return w.store.Save([]*Client{w.client("5")})
	}
	for want, spoil := range map[string]func(*State){
		"version 7":                          func(s *State) { s.Version = 7 },
		"permission \"x\"":                   func(s *State) { s.Nodes[1].Perms = []string{"x"} },
		"node /local: it has no permissions": func(s *State) { s.Nodes[1].Perms = nil },
		"node local: it is no path":          func(s *State) { s.Nodes[1].Path = "local" },
		"node /a//b: it is no path":          func(s *State) { s.Nodes[1].Path = "/a//b" },
		"what it is in is missing":           func(s *State) { s.Nodes[1].Path = "/a/b" },
		"it is there twice":                  func(s *State) { s.Nodes = append(s.Nodes, s.Nodes[2]) },
		"node /: it is there twice":          func(s *State) { s.Nodes = append(s.Nodes, s.Nodes[0]) },
		"of @x":                              func(s *State) { s.Special["@x"] = []string{"n0"} },
		"of @releaseDomain":                  func(s *State) { s.Special["@releaseDomain"] = nil },
		"an event of watch 99":               func(s *State) { s.Clients[0].Events[0].Watch = 99 },
		"domain 5: an event of watch 98":     func(s *State) { s.Clients[0].Missed = []uint64{98} },
		"transaction 1":                      func(s *State) { s.Clients[0].Transactions[0].Log[1].Perms[0] = "q" },
	} {
		s := good()
		_, _, err := Load(s, DefaultQuota, nil, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		spoil(&s)
		_, _, err = Load(s, DefaultQuota, nil, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, want)
	}
}
