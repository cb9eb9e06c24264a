package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWatches(t *testing.T) {
	newWorld(t).home(5, 6).run(`
		5 WATCH device|t| -> OK|
		5 EVENTS -> device|t   // the first comes at once
		5 WATCH device|t| -> EEXIST
		5 WATCH /local/domain/5/device|t| -> EEXIST   // the same node
		5 WATCH /local/domain/5/device|abs| -> OK|
		5 EVENTS -> /local/domain/5/device|abs
		5 WRITE device/vif/0/state|1 -> OK|
		5 EVENTS -> device/vif/0/state|t /local/domain/5/device/vif/0/state|abs
		5 WRITE devices|of another name -> OK|
		5 WRITE other|1 -> OK|
		5 EVENTS ->
		0 WRITE /local/domain/5/device/vif/0/state|2 -> OK|
		0 WRITE /local/domain/5/device/vif/0/state|2 -> OK|   // to the same value, but it was written
		5 EVENTS -> device/vif/0/state|t /local/domain/5/device/vif/0/state|abs device/vif/0/state|t /local/domain/5/device/vif/0/state|abs
		5 UNWATCH device|abs| -> OK|
		5 UNWATCH device|abs| -> ENOENT
		5 UNWATCH device|none| -> ENOENT
		5 MKDIR device/vif/0/state| -> OK|   // it was there
		5 RM device/none| -> OK|   // it was not
		5 READ device| ->
		5 WRITE device|| -> OK|
		5 EVENTS -> device|t
		5 SET_PERMS device|n5|r6| -> OK|
		5 EVENTS -> device|t
		6 WRITE /local/domain/5/device|x -> EACCES
		5 EVENTS ->
		0 WATCH /|all| -> OK|
		0 EVENTS -> /|all
		5 WRITE a|1 -> OK|
		0 WRITE /|1 -> OK|
		0 EVENTS -> /local/domain/5/a|all /|all
		5 RESET_WATCHES | -> OK|
		5 WRITE device|2 -> OK|
		5 EVENTS ->
	`)
}

// Who watches something in what is removed hears of that, all others of the whole.
func TestRemovalIsTold(t *testing.T) {
	newWorld(t).home(5).run(`
		5 WRITE a/b/c/d|1 -> OK|
		5 WRITE a/x|1 -> OK|
		5 WATCH a|above| -> OK|
		5 WATCH a/b|self| -> OK|
		5 WATCH a/b/c|below| -> OK|
		5 WATCH a/b/c/d|deep| -> OK|
		5 WATCH a/b/none|none| -> OK|
		5 WATCH a/x|beside| -> OK|
		5 EVENTS -> a|above a/b|self a/b/c|below a/b/c/d|deep a/b/none|none a/x|beside
		5 RM a/b| -> OK|
		5 EVENTS -> a/b|above a/b|self a/b/c|below a/b/c/d|deep
	`)
}

// Events stand in the order of the changes, and in that of the watches for one change; the other connections of the same domain have theirs.
func TestEventOrder(t *testing.T) {
	newWorld(t).run(`
		0 WATCH /b|1| -> OK|
		0b WATCH /|2| -> OK|
		0 WATCH /|3| -> OK|
		0 WATCH /b|4| -> OK|
		0 EVENTS -> /b|1 /|3 /b|4
		0b EVENTS -> /|2
		0 WRITE /b|x -> OK|
		0 WRITE /a|x -> OK|
		0 EVENTS -> /b|1 /b|3 /b|4 /a|3
		0b EVENTS -> /b|2 /a|2
		0b UNWATCH /|3| -> ENOENT
	`)
}

// Nobody hears of a node that he may not read, in a directory that he may not list.
func TestXSA115WatchesSeeWhatReadsDo(t *testing.T) {
	newWorld(t).home(5, 6).run(`
		6 WATCH /local/domain/5|t| -> OK|
		6 WATCH @releaseDomain|r| -> OK|
		6 EVENTS -> /local/domain/5|t @releaseDomain|r   // that it was set is no news
		5 WRITE secret|1 -> OK|
		5 WRITE secret|2 -> OK|
		5 RM secret| -> OK|
		6 EVENTS ->
		5 WRITE open|1 -> OK|
		5 SET_PERMS open|n5|r6| -> OK|
		6 EVENTS -> /local/domain/5/open|t
		5 WRITE open|2 -> OK|
		6 EVENTS -> /local/domain/5/open|t
		5 WRITE open/secret|1 -> OK|
		6 EVENTS -> /local/domain/5/open/secret|t   // new nodes have the directory's permissions
		5 SET_PERMS open/secret|n5| -> OK|
		6 EVENTS -> /local/domain/5/open/secret|t   // it could be read before
		5 WRITE open/secret|2 -> OK|
		6 EVENTS ->
		5 RM open/secret| -> OK|
		6 EVENTS -> /local/domain/5/open/secret|t   // a list of the directory shows that, too
		5 RM open| -> OK|
		6 EVENTS -> /local/domain/5/open|t
		0 INTRODUCE 7|1|1| -> OK|
		0 RELEASE 7| -> OK|
		6 EVENTS ->
		5 WRITE secret|1 -> OK|
		5 TRANSACTION_START | -> 1|
		5#1 RM secret| -> OK|
		5#1 WRITE another|1 -> OK|
		5#1 TRANSACTION_END T| -> OK|
		6 EVENTS ->
	`)
}

// A path and a token that do not fit in one message: the watch tells of itself.
func TestXSA324LongTokens(t *testing.T) {
	w := newWorld(t).home(5)
	token := strings.Repeat("t", 4000)
	require.Equal(t, "EINVAL", w.ask("5", "WATCH a|"+token))
	w.run(`5 WATCH a|` + token + `| -> OK|`)
	require.Equal(t, "a|"+token, w.events("5"))
	long := strings.Repeat("x", 200)
	w.run(`5 WRITE a/` + long + `|1 -> OK|`)
	require.Equal(t, "a|"+token, w.events("5"))
	w.run(`5 UNWATCH a|` + token + `| -> OK|`)
}

// Watches that a reset has ended are not counted, and don't fire.
func TestXSA330ResetGivesBack(t *testing.T) {
	w := newWorld(t).home(5)
	for range 3 * DefaultQuota.Watches {
		w.run(`5 WATCH a|t| -> OK|`)
		w.run(`5 RESET_WATCHES | -> OK|`)
	}
	require.Zero(t, w.store.domain(5).watches)
	require.Empty(t, w.store.watches)
	for i := range DefaultQuota.Watches {
		require.Equal(t, "OK|", w.ask("5", fmt.Sprintf("WATCH a|%d|", i)))
	}
	w.run(`5 WATCH a|more| -> E2BIG`)
	w.run(`0 WATCH a|more| -> OK|`)
}

// A client that takes no events costs a queue of some length. Then each watch has one event left to tell, and no watch has none.
func TestXSA326EventsThatNobodyTakes(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		5 WATCH a|one| -> OK|
		5 WATCH a/b|two| -> OK|
		5 WATCH c|three| -> OK|
		5 WATCH d|four| -> OK|
		5 EVENTS -> a|one a/b|two c|three d|four
	`)
	for i := range 10 * DefaultQuota.Events {
		w.ask("5", fmt.Sprintf("WRITE a/b|%d", i))
	}
	w.ask("5", "WRITE c|1")
	w.ask("5", "WRITE c|2")
	q := &w.client("5").events
	require.Len(t, q.events, DefaultQuota.Events)
	require.Len(t, q.missed, 3)
	all := strings.Split(w.events("5"), " ")
	require.Len(t, all, DefaultQuota.Events+3)
	require.ElementsMatch(t, []string{"a|one", "a/b|two", "c|three"}, all[DefaultQuota.Events:])
	require.Zero(t, q.bytes)
	w.run(`
		5 WRITE c|3 -> OK|   // and all is as before
		5 EVENTS -> c|three
	`)
	deep := strings.Repeat("/y", 1000)
	for i := range 200 {
		w.ask("5", fmt.Sprintf("WRITE a%s|%d", deep, i))
	}
	require.Less(t, q.bytes, DefaultQuota.EventBytes+len(deep)+100)
	w.run(`
		5 UNWATCH a|one| -> OK|
		5 EVENTS ->
	`)
	require.Zero(t, q.bytes)
}

// The client is woken when its first event comes.
func TestWake(t *testing.T) {
	w := newWorld(t)
	woken := 0
	w.clients["0b"] = w.store.Connect(0, func() { woken++ })
	w.run(`0b WATCH /|t| -> OK|`)
	require.Equal(t, 1, woken)
	w.run(`0 WRITE /a|1 -> OK|`)
	require.Equal(t, 1, woken, "it has not taken the first")
	w.events("0b")
	w.run(`0 WRITE /a|1 -> OK|`)
	require.Equal(t, 2, woken)
}
