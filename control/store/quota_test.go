package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuotas(t *testing.T) {
	w := newWorld(t).home(5)
	big := strings.Repeat("v", DefaultQuota.NodeSize-permSize)
	w.run(`
		5 WRITE big|` + big + ` -> OK|
		5 WRITE big|` + big + `v -> ENOSPC
		5 WRITE new|` + big + `v -> ENOSPC
		5 SET_PERMS big|n5|r6| -> ENOSPC
		5 WRITE big| -> OK|
		5 SET_PERMS big|n5|r1|r2|r3|r4| -> OK|
		5 SET_PERMS big|n5|r1|r2|r3|r4|r6| -> ENOSPC
		5 GET_PERMS big| -> n5|r1|r2|r3|r4|
		5 READ new| -> ENOENT
		0 WRITE /local/domain/5/zero|` + big + `v -> OK|   // domain 0 may do as it likes
		0 SET_PERMS /local/domain/5/zero|n5|r1|r2|r3|r4|r6| -> OK|
		5 READ zero| -> ` + big + `v
		0 RM /local/domain/5/zero| -> OK|
	`)
	for i := range DefaultQuota.Transactions {
		w.run(fmt.Sprintf(`5 TRANSACTION_START | -> %d|`, i+1))
	}
	w.run(`5 TRANSACTION_START | -> ENOSPC`)
	w.run(`5b TRANSACTION_START | -> ENOSPC`)
	for i := range DefaultQuota.Seen {
		w.ask("5#1", fmt.Sprintf("READ none/%d|", i))
	}
	w.run(`
		5#1 READ none/0| -> ENOENT
		5#1 READ another| -> ENOSPC
		5#1 WRITE another|1 -> ENOSPC
		5#1 TRANSACTION_END T| -> OK|
	`)
	logged := 0
	for w.ask("5#2", "WRITE a|"+big) == "OK|" {
		logged += len(big)
	}
	require.LessOrEqual(t, logged, DefaultQuota.Logged)
	w.run(`5#2 TRANSACTION_END T| -> OK|`)

	bytes := 0
	for i := 0; w.ask("5", fmt.Sprintf("WRITE fill/%d|%s", i, big)) == "OK|"; i++ {
		bytes += len(big)
	}
	require.Less(t, bytes, DefaultQuota.Bytes)
	require.Greater(t, bytes, DefaultQuota.Bytes/2)
	w.run(`5 WRITE big|` + big + ` -> ENOSPC`)
	w.run(`5 RM fill| -> OK|`)
	made := 2
	for w.ask("5", fmt.Sprintf("MKDIR n%d|", made)) == "OK|" {
		made++
	}
	require.Equal(t, DefaultQuota.Nodes, made+1, "its directory is one")
	w.run(`
		5 MKDIR n2| -> OK|
		5 RM n2| -> OK|
		5 MKDIR n2| -> OK|
		5 MKDIR none/none| -> ENOSPC
		5 READ none| -> ENOENT   // not half of it
		0 MKDIR /local/domain/5/none| -> OK|
		6 TRANSACTION_START | -> 1|   // others have theirs
	`)
}

// Nodes of a domain that has ended go, whoever made what is below them, and are nobody's debt.
func TestXSA419NodesOfTheDead(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		0 INTRODUCE 5|1|1| -> OK|
		6 SET_PERMS /local/domain/6|n6|b5| -> OK|
		5 WRITE /local/domain/6/five/deep|1 -> OK|
		5 SET_PERMS /local/domain/6/five|n5|b6| -> OK|
		6 WRITE /local/domain/6/five/six|1 -> OK|
		5 SET_PERMS /local/domain/5|n5|b6| -> OK|
		6 WRITE /local/domain/5/six|1 -> OK|
		0 WATCH /local/domain/6|t| -> OK|
		0 EVENTS -> /local/domain/6|t
		0 RELEASE 5| -> OK|
		0 EVENTS -> /local/domain/6|t /local/domain/6/five|t   // its permissions, and what is gone
		0 READ /local/domain/5| -> ENOENT
		6 DIRECTORY /local/domain/6| ->
		6 GET_PERMS /local/domain/6| -> n6|
	`)
	require.Equal(t, 1, w.store.usage(6).nodes)
	require.Zero(t, w.store.usage(5))
	require.NotContains(t, w.store.domains, 5)
}

// The next domain of a number inherits nothing: neither by permissions, nor as an owner, nor by what was under way when the last one ended.
func TestXSA322NumbersAreUsedAgain(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		0 INTRODUCE 5|1|1| -> OK|
		0 WRITE /for5|secret -> OK|
		0 SET_PERMS /for5|n0|r5| -> OK|
		0 WRITE /of5|secret -> OK|
		0 SET_PERMS /of5|n5| -> OK|
		0 WRITE /root|1 -> OK|
		0 TRANSACTION_START | -> 1|
		0#1 WRITE /late|secret -> OK|
		0#1 SET_PERMS /late|n0|r5| -> OK|
		0 RELEASE 5| -> OK|
		0#1 TRANSACTION_END T| -> EAGAIN
		0 INTRODUCE 5|1|1| -> OK|
	`)
	delete(w.clients, "5")
	w.run(`
		5 READ /for5| -> EACCES
		5 READ /of5| -> EACCES
		5 READ /late| -> EACCES
		0 READ /of5| -> ENOENT
		0 GET_PERMS /for5| -> n0|
		0 SET_PERMS /|n5| -> OK|
		0 RELEASE 5| -> OK|
		0 GET_PERMS /| -> n0|   // the root stays
	`)
}

// What is above and below /local/domain/N is not for N.
func TestXSA353TheRoot(t *testing.T) {
	newWorld(t).home(5).run(`
		5 DIRECTORY /| -> EACCES
		5 READ /| -> EACCES
		5 WRITE /|x -> EACCES
		5 MKDIR /x| -> EACCES
		5 RM /| -> EINVAL
		5 SET_PERMS /|b5| -> EACCES
		5 SET_PERMS /local|b5| -> EACCES
		5 RM /local| -> EACCES
		5 RM /tool| -> EACCES
		5 GET_PERMS /| -> EACCES
	`)
}

// Paths as deep as they can be, with as many children as there may be, cost stack and time in proportion only.
func TestXSA418DeepPaths(t *testing.T) {
	w := newWorld(t)
	deep := strings.Repeat("/a", 1536)
	w.run(`0 WRITE ` + deep + `|1 -> OK|`)
	w.run(`0 READ ` + deep + `| -> 1`)
	w.run(`0 WATCH ` + deep + `|t| -> OK|`)
	w.run(`0 WRITE ` + deep + `a|1 -> EINVAL`)
	w.run(`0 RM /a| -> OK|`)
	require.Equal(t, deep+"|t "+deep+"|t", w.events("0"))
	w.home(5)
	require.Equal(t, "ENOSPC", w.ask("5", "MKDIR "+strings.TrimPrefix(strings.Repeat("/a", 1024), "/")+"|"), "more nodes than it may have")
	require.Equal(t, "OK", w.store.Check())
}

// Nothing is left over of a removal, or of one that fails: all of a tree is there, or none.
func TestXSA415NoOrphans(t *testing.T) {
	w := newWorld(t).home(5, 6).run(`
		5 WRITE a/b/c|1 -> OK|
		5 SET_PERMS a|n5|r6| -> OK|
		6 RM /local/domain/5/a| -> EACCES
		6 RM /local/domain/5/a/b| -> EACCES
		5 READ a/b/c| -> 1
		5 RM a| -> OK|
		5 MKDIR a| -> OK|
		5 DIRECTORY a| ->
		5 READ a/b/c| -> ENOENT
	`)
	require.Equal(t, 2, w.store.usage(5).nodes)
}

// Paths that once led to an assertion are answered.
func TestXSA481OddPaths(t *testing.T) {
	w := newWorld(t).home(5)
	for _, path := range []string{"", "/", "//", "@", "@/", "/@", "a/", "/local/domain/", "/local/domain/5/", "/local/domain//5", ".", "..", "/..", "\xff", strings.Repeat("/", 3072), "@releaseDomain/5", "@releaseDomain", "@introduceDomain"} {
		for kind := range kinds {
			for _, more := range []string{"", "|", "||", "|x|", "|n5|"} {
				w.ask("5", kind+" "+path+more)
				w.ask("0", kind+" "+path+more)
			}
		}
		w.events("5")
		w.events("0")
	}
	require.Equal(t, "OK", w.store.Check())
}
