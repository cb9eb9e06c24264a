package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTransactions(t *testing.T) {
	newWorld(t).home(5).run(`
		5 TRANSACTION_START | -> 1|
		5#1 WRITE a/b|1 -> OK|
		5#1 READ a/b| -> 1
		5 READ a/b| -> ENOENT   // outside it has not happened
		5#1 TRANSACTION_END T| -> OK|
		5 READ a/b| -> 1
		5 TRANSACTION_START | -> 2|
		5#2 RM a| -> OK|
		5#2 MKDIR c| -> OK|
		5#2 SET_PERMS c|n5|r6| -> OK|
		5#2 GET_PERMS c| -> n5|r6|
		5#2 TRANSACTION_END F| -> OK|
		5 DIRECTORY /local/domain/5| -> a|
		5 TRANSACTION_START | -> 3|
		5 WRITE a/b|2 -> OK|
		5#3 READ a/b| -> 1   // as it was when it began
		5#3 TRANSACTION_END T| -> OK|   // all that it read was true at one time
	`)
}

// What makes a transaction fail, and what does not.
func TestConflicts(t *testing.T) {
	for _, test := range []struct{ name, inside, outside, end string }{
		{"nothing else has changed", "WRITE a|1 -> OK|", "READ a| -> old", "OK|"},
		{"another node", "WRITE a|1 -> OK|", "WRITE b|2 -> OK|", "OK|"},
		{"the same node", "WRITE a|1 -> OK|", "WRITE a|2 -> OK|", "EAGAIN"},
		{"the same node to the same value", "WRITE a|1 -> OK|", "WRITE a|1 -> OK|", "EAGAIN"},
		{"a node that was read", "READ a| -> old", "WRITE a|2 -> OK|", "EAGAIN"},
		{"a node that was read is gone", "READ a| -> old", "RM a| -> OK|", "EAGAIN"},
		{"a node that was missing", "READ none| -> ENOENT", "WRITE none|1 -> OK|", "EAGAIN"},
		{"permissions of a node that was read", "READ a| -> old", "SET_PERMS a|n5|r7| -> OK|", "EAGAIN"},
		{"permissions that were read", "GET_PERMS a| -> n5|", "SET_PERMS a|n5|r7| -> OK|", "EAGAIN"},
		{"a child of a node that was read", "READ dir| ->", "WRITE dir/new|1 -> OK|", "OK|"},
		{"a child of a directory that was listed", "DIRECTORY dir| -> x|", "WRITE dir/new|1 -> OK|", "EAGAIN"},
		{"a child that is gone", "DIRECTORY dir| -> x|", "RM dir/x| -> OK|", "EAGAIN"},
		{"the value of a child of what was listed", "DIRECTORY dir| -> x|", "WRITE dir/x|1 -> OK|", "OK|"},
		{"children of one directory", "WRITE dir/one|1 -> OK|", "WRITE dir/two|1 -> OK|", "OK|"},
		{"the same child", "WRITE dir/one|1 -> OK|", "MKDIR dir/one| -> OK|", "EAGAIN"},
		{"a way that both make", "WRITE way/to/one|1 -> OK|", "WRITE way/to/two|1 -> OK|", "OK|"},
		{"the directory is gone", "WRITE dir/x|1 -> OK|", "RM dir| -> OK|", "EAGAIN"},
		{"a new directory is gone", "WRITE dir/one|1 -> OK|", "RM dir| -> OK|", "OK|"}, // made again, as if it had come after
		{"what was removed has changed", "RM dir| -> OK|", "WRITE dir|1 -> OK|", "EAGAIN"},
		{"what was removed is gone", "RM dir| -> OK|", "RM dir| -> OK|", "EAGAIN"},
		{"the same again", "RM a| -> OK|", "RM dir| -> OK|", "OK|"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t).home(5)
			w.run(fmt.Sprintf(`
				5 WRITE a|old -> OK|
				5 WRITE dir/x|old -> OK|
				5 TRANSACTION_START | -> 1|
				5#1 WRITE mark|1 -> OK|
				5#1 %s
				5 %s
				5#1 TRANSACTION_END T| -> %s`, test.inside, test.outside, test.end))
			want := map[string]string{"OK|": "1", "EAGAIN": "ENOENT"}[test.end]
			require.Equal(t, want, w.ask("5", "READ mark|"), "all or nothing")
		})
	}
}

// What was possible in the transaction isn't any more when it is done again.
func TestCommitIsRefused(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		5 SET_PERMS /local/domain/5|n5|b6| -> OK|
		6 TRANSACTION_START | -> 1|
		6#1 WRITE /local/domain/5/six|1 -> OK|
		5 SET_PERMS /local/domain/5|n5| -> OK|
		6#1 TRANSACTION_END T| -> EAGAIN   // the next attempt is told why
		6 TRANSACTION_START | -> 2|
		6#2 WRITE /local/domain/5/six|1 -> EACCES
		6#2 TRANSACTION_END T| -> OK|
		6 TRANSACTION_START | -> 3|
		6#3 WRITE a|1 -> OK|
		6#3 WRITE b|1 -> OK|
	`)
	for i := range DefaultQuota.Nodes - 2 {
		require.Equal(t, "OK|", w.ask("6", fmt.Sprintf("WRITE n/%d|", i)))
	}
	w.run(`
		6#3 TRANSACTION_END T| -> EAGAIN
		6 WRITE a|1 -> ENOSPC
	`)
}

// A transaction's nodes count while it is open, and it can't be used to have more of them.
func TestXSA421TransactionsAreAccounted(t *testing.T) {
	w := newWorld(t).home(5).run(`
		5 TRANSACTION_START | -> 1|
		5 TRANSACTION_START | -> 2|`)
	made := 0
	for w.ask("5#1", fmt.Sprintf("MKDIR a/%d|", made)) == "OK|" {
		made++
	}
	require.Less(t, made, DefaultQuota.Nodes)
	for i := range 600 {
		w.ask("5#2", fmt.Sprintf("MKDIR b/%d|", i))
	}
	w.run(`5#1 TRANSACTION_END T| -> OK|`)
	require.Equal(t, "EAGAIN", w.ask("5#2", "TRANSACTION_END T|"), "together they are too many")
	require.LessOrEqual(t, w.store.usage(5).nodes, DefaultQuota.Nodes)
	for range 50 { // what is given up is not counted
		w.run(`
			5 TRANSACTION_START | -> ` + fmt.Sprint(w.client("5").last+1) + `|`)
		tx := fmt.Sprintf("5#%d", w.client("5").last)
		w.ask(tx, "RM a|")
		w.ask(tx, "MKDIR c|")
		w.ask(tx, "TRANSACTION_END F|")
	}
	require.Equal(t, made+2, w.store.usage(5).nodes)
	w.run(`5 RM a| -> OK|`)
	require.Equal(t, 1, w.store.usage(5).nodes)
}

// A reset ends transactions, also the one that it comes in.
func TestXSA484ResetInTransaction(t *testing.T) {
	w := newWorld(t).home(5).run(`
		5 WATCH a|t| -> OK|
		5 TRANSACTION_START | -> 1|
		5#1 WRITE a|1 -> OK|
		5#1 RESET_WATCHES | -> OK|
		5#1 WRITE a|1 -> ENOENT
		5#1 TRANSACTION_END T| -> ENOENT
		5 READ a| -> ENOENT
		5 EVENTS ->
	`)
	require.Empty(t, w.store.open)
	require.Zero(t, w.store.domain(5).transactions)
	require.Zero(t, w.store.domain(5).watches)
}

// Transactions that are kept open keep few old nodes: their snapshots move on, and they still know what has changed since they began.
func TestOldTransactions(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		5 WRITE a|1 -> OK|
		5 TRANSACTION_START | -> 1|
		5#1 READ a| -> 1
		5#1 WRITE b|1 -> OK|
		5 TRANSACTION_START | -> 2|
		5#2 READ a| -> 1
		5#2 WRITE c|1 -> OK|
	`)
	flood := func() {
		for i := range 3 * maxAge {
			w.ask("6", fmt.Sprintf("WRITE x|%d", i))
		}
		for _, tx := range w.store.open {
			require.Less(t, w.store.gen-tx.began, uint64(maxAge+10))
		}
	}
	flood()
	w.run(`
		5#1 READ b| -> 1   // what it has written is there
		5 READ b| -> ENOENT
		5#1 TRANSACTION_END T| -> OK|
		5 READ b| -> 1
		5 WRITE a|2 -> OK|
	`)
	flood()
	w.run(`
		5#2 WRITE d|1 -> OK|   // it goes on
		5#2 READ d| -> 1
		5#2 TRANSACTION_END T| -> EAGAIN   // but somebody has changed what it had read
		5 READ c| -> ENOENT
		5 READ d| -> ENOENT
	`)
}

// Numbers of transactions go round.
func TestTransactionNumbers(t *testing.T) {
	w := newWorld(t).home(5).run(`5 TRANSACTION_START | -> 1|`)
	w.client("5").last = 1<<32 - 2
	w.run(`
		5 TRANSACTION_START | -> 4294967295|
		5 TRANSACTION_START | -> 2|   // 0 is none, and 1 is open
	`)
}

// It costs no copy to begin a transaction, however large the store is.
func TestBeginCostsNoCopy(t *testing.T) {
	cost := func(nodes int) float64 {
		w := newWorld(t)
		for i := range nodes {
			w.ask("0", fmt.Sprintf("WRITE /a/%d|x", i))
		}
		return testing.AllocsPerRun(100, func() { w.store.begin(w.client("0"), 1) })
	}
	require.Equal(t, cost(10), cost(10000))
}

// Watches hear of a transaction when it is committed, once of each node.
func TestWatchesAndTransactions(t *testing.T) {
	newWorld(t).home(5).run(`
		5 WATCH a|t| -> OK|
		5 EVENTS -> a|t
		5 TRANSACTION_START | -> 1|
		5#1 WRITE a/b|1 -> OK|
		5#1 WRITE a/c|1 -> OK|
		5#1 WRITE a/b|2 -> OK|
		5#1 SET_PERMS a/b|n5|r6| -> OK|
		5 EVENTS ->   // it has not happened
		5#1 TRANSACTION_END T| -> OK|
		5 EVENTS -> a/b|t a/c|t
		5 TRANSACTION_START | -> 2|
		5#2 WRITE a/b|1 -> OK|
		5#2 TRANSACTION_END F| -> OK|
		5 EVENTS ->
		5 WATCH a/b|in| -> OK|
		5 EVENTS -> a/b|in
		5 TRANSACTION_START | -> 3|
		5#3 RM a| -> OK|   // for the second watch: a/b
		5#3 WRITE a/b|again -> OK|   // for both
		5#3 TRANSACTION_END T| -> OK|
		5 EVENTS -> a|t a/b|t a/b|in
	`)
}
