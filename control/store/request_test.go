package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

func TestNodes(t *testing.T) {
	newWorld(t).home(5).run(`
		0 DIRECTORY /| -> local|tool|
		0 DIRECTORY /local/domain/5| ->
		5 WRITE device/vif/0/state|1 -> OK|
		5 READ device/vif/0/state| -> 1
		5 READ /local/domain/5/device/vif/0/state| -> 1
		5 READ device/vif| ->
		5 WRITE device/vif/0/state|a|b -> OK|   // a value has any bytes
		5 READ device/vif/0/state| -> a|b
		5 WRITE device/vif/0/state| -> OK|
		5 READ device/vif/0/state| ->
		5 MKDIR device/vbd| -> OK|
		5 MKDIR device/vif| -> OK|   // it is there
		5 READ device/vif/0/state| ->
		5 DIRECTORY device| -> vbd|vif|
		5 DIRECTORY device/vbd| ->
		5 RM device/vif| -> OK|
		5 RM device/vif| -> OK|   // it is gone already
		5 RM device/vif/0/state| -> ENOENT   // so is what it would be in
		5 READ device/vif/0/state| -> ENOENT
		5 DIRECTORY nothing| -> ENOENT
		5 GET_PERMS nothing| -> ENOENT
		5 SET_PERMS nothing|n5| -> ENOENT
		5 GET_DOMAIN_PATH 7| -> /local/domain/7|
		5 IS_DOMAIN_INTRODUCED 0| -> T|
		5 IS_DOMAIN_INTRODUCED 7| -> F|
		0 RM /| -> EINVAL
		0 READ /| ->
		0 WRITE /|x -> OK|
		0 READ /| -> x
	`)
}

func TestMalformed(t *testing.T) {
	w := newWorld(t).home(5)
	for _, request := range []string{
		"READ", "READ a", "READ a|b|", "READ |", "READ a//b|", "READ a/|", "READ //|", "READ a b|", "READ ä|", "READ @releaseDomain|",
		"WRITE", "WRITE a", "WRITE |v", "WRITE a.b|v", "WRITE @x|v", "WRITE @releaseDomain|v",
		"DIRECTORY", "DIRECTORY a", "DIRECTORY_PART a|", "DIRECTORY_PART /|x|", "DIRECTORY_PART /|-1|", "DIRECTORY_PART /|99999999999|",
		"GET_PERMS", "SET_PERMS a|", "SET_PERMS /local/domain/5|x5|", "SET_PERMS /local/domain/5|r|", "SET_PERMS /local/domain/5|r65536|", "SET_PERMS /local/domain/5|r5",
		"MKDIR", "MKDIR a", "RM", "RM a|b|",
		"WATCH", "WATCH a|", "WATCH a|b", "WATCH a|b|c|", "WATCH @other|b|", "WATCH |b|", "UNWATCH a|", "UNWATCH a//|b|",
		"GET_DOMAIN_PATH", "GET_DOMAIN_PATH x|", "GET_DOMAIN_PATH 32752|", "IS_DOMAIN_INTRODUCED -1|", "CONTROL",
		"INTRODUCE 7|1|", "INTRODUCE 7|x|1|", "INTRODUCE 7|1|x|", "INTRODUCE 0|1|1|", "INTRODUCE 7|0|1|", "RELEASE", "RELEASE 0|", "RELEASE x|", "RESUME 0|",
		"SET_TARGET 5|", "SET_TARGET 5|0|", "SET_TARGET 0|5|", "CONTROL unknown|",
		"READ /" + strings.Repeat("x", 3072) + "|", "READ " + strings.Repeat("x", 2049) + "|",
	} {
		require.Equal(t, "EINVAL", w.ask("0", request), "%.60s", request)
	}
	for _, request := range []string{"WATCH_EVENT a|b|", "ERROR EINVAL|", "20 a|", "23 a|", "65535", "4294967295"} {
		require.Equal(t, "ENOSYS", w.ask("0", request), request)
	}
	for kind := range kinds {
		if kind != "WATCH_EVENT" && kind != "ERROR" {
			require.Equal(t, "ENOENT", w.ask("5#9", kind+" a|"), "no transaction is open")
		}
	}
	w.run(`
		5#0 TRANSACTION_END T| -> ENOENT
		5 TRANSACTION_START | -> 1|
		5#1 TRANSACTION_END X| -> EINVAL
		5#1 TRANSACTION_START | -> EBUSY
		5#1 TRANSACTION_END F| -> OK|
		5#1 TRANSACTION_END F| -> ENOENT
	`)
}

func TestPermissions(t *testing.T) {
	newWorld(t).home(5, 6).run(`
		5 GET_PERMS /local/domain/5| -> n5|
		5 WRITE secret|x -> OK|
		5 GET_PERMS secret| -> n5|
		6 READ /local/domain/5/secret| -> EACCES
		6 READ /local/domain/5/nothing| -> EACCES   // who may not look does not hear whether there is anything
		6 GET_PERMS /local/domain/5/secret| -> EACCES
		6 DIRECTORY /local/domain/5| -> EACCES
		6 WRITE /local/domain/5/secret|y -> EACCES
		6 MKDIR /local/domain/5/more| -> EACCES
		6 RM /local/domain/5/secret| -> EACCES
		6 SET_PERMS /local/domain/5/secret|n6| -> EACCES
		0 READ /local/domain/5/secret| -> x
		5 SET_PERMS secret|n5|r6| -> OK|
		6 READ /local/domain/5/secret| -> x
		6 WRITE /local/domain/5/secret|y -> EACCES
		5 SET_PERMS secret|n5|b6| -> OK|
		6 GET_PERMS /local/domain/5/secret| -> n5|b6|
		6 WRITE /local/domain/5/secret|y -> OK|
		6 SET_PERMS /local/domain/5/secret|n5|b6|r7| -> EACCES   // it may write, but is not the owner
		6 WRITE /local/domain/5/secret/below|z -> OK|
		6 GET_PERMS /local/domain/5/secret/below| -> n6|b6|   // what a domain makes is its own
		5 READ /local/domain/5/secret/below| -> EACCES
		5 SET_PERMS secret|n6| -> EPERM
		5 SET_PERMS secret|w5| -> OK|
		7 WRITE /local/domain/5/secret|q -> OK|
		7 READ /local/domain/5/secret| -> EACCES
		5 SET_PERMS secret|b5|n7| -> OK|
		7 READ /local/domain/5/secret| -> EACCES
		8 READ /local/domain/5/secret| -> q
		0 WRITE /local/domain/5/given|1 -> OK|
		0 GET_PERMS /local/domain/5/given| -> n5|   // what domain 0 makes belongs to whom the directory does
		5 RM secret| -> OK|   // with all below it, whosever that is
		0 SET_PERMS /local/domain/5/given|r6|n5| -> OK|   // domain 0 gives it to another
		5 WRITE given|x -> EACCES
		6 WRITE /local/domain/5/given|x -> OK|
		5 WRITE /local/mine|x -> EACCES
		5 INTRODUCE 7|1|1| -> EACCES
		5 RELEASE 7| -> EACCES
		5 RESUME 7| -> EACCES
		5 SET_TARGET 5|6| -> EACCES
		5 CONTROL check| -> EACCES
		5 GET_PERMS @releaseDomain| -> EACCES
		5 SET_PERMS @releaseDomain|r5| -> EACCES
	`)
}

// A directory that does not fit in a message comes in parts.
func TestDirectoryPart(t *testing.T) {
	w := newWorld(t)
	want := ""
	for i := range 700 {
		name := fmt.Sprintf("child-number-%04d", i)
		w.ask("0", "WRITE /many/"+name+"|")
		want += name + "|"
	}
	require.Equal(t, "E2BIG", w.ask("0", "DIRECTORY /many|"))
	list, generation := "", ""
	for {
		gen, part, _ := strings.Cut(w.ask("0", fmt.Sprintf("DIRECTORY_PART /many|%d|", len(list))), "|")
		require.LessOrEqual(t, len(gen)+1+len(part), hypercall.XENSTORE_PAYLOAD_MAX)
		require.True(t, generation == "" || gen == generation)
		generation = gen
		list += part
		if strings.HasSuffix(part, "||") || part == "|" {
			break
		}
	}
	require.Equal(t, want+"|", list)
	before := w.ask("0", "DIRECTORY_PART /many|12000|")
	w.ask("0", "WRITE /many/child-number-0001|value")
	require.Equal(t, before, w.ask("0", "DIRECTORY_PART /many|12000|"), "the list is the same")
	w.ask("0", "WRITE /many/another|")
	require.NotEqual(t, before[:10], w.ask("0", "DIRECTORY_PART /many|12000|")[:10])
	_, part, _ := strings.Cut(w.ask("0", "DIRECTORY_PART /many|1000000|"), "|")
	require.Equal(t, "|", part)
	w.run(`0 MKDIR /none| -> OK|`)
	_, part, _ = strings.Cut(w.ask("0", "DIRECTORY_PART /none|0|"), "|")
	require.Equal(t, "|", part)
}

func TestDomains(t *testing.T) {
	w := newWorld(t).home(5)
	w.run(`
		0 WATCH @introduceDomain|in| -> OK|
		0 WATCH @releaseDomain|out| -> OK|
		0 EVENTS -> @introduceDomain|in @releaseDomain|out
		0 RELEASE 5| -> ENOENT
		0 RESUME 5| -> ENOENT
		0 INTRODUCE 5|4711|3| -> OK|
		0 INTRODUCE 5|4711|4| -> OK|   // another port: it is not new
		0 EVENTS -> @introduceDomain|in
		0 IS_DOMAIN_INTRODUCED 5| -> T|
	`)
	require.True(t, w.host.connected[5])
	w.store.Shutdown(5)
	w.store.Shutdown(5)
	w.store.Shutdown(6)
	w.run(`
		0 EVENTS -> @releaseDomain|out
		0 RESUME 5| -> OK|
	`)
	w.store.Shutdown(5)
	w.run(`
		0 EVENTS -> @releaseDomain|out
		5 WRITE a|1 -> OK|
		5 WATCH a|t| -> OK|
		5 TRANSACTION_START | -> 1|
		0 RELEASE 5| -> OK|
		0 EVENTS -> @releaseDomain|out
		0 IS_DOMAIN_INTRODUCED 5| -> F|
		0 READ /local/domain/5| -> ENOENT
		5 READ a| -> EIO
		5 EVENTS ->
	`)
	require.False(t, w.host.connected[5])
	require.Len(t, w.store.domains, 1)
	require.Empty(t, w.store.open)
	w.store.Release(0)
	w.run(`0 READ /| ->`)
}

// Domains hear of others that come and go if domain 0 lets them.
func TestSpecialPermissions(t *testing.T) {
	newWorld(t).home(5).run(`
		5 WATCH @introduceDomain|t| -> OK|
		5 EVENTS -> @introduceDomain|t
		0 INTRODUCE 6|1|1| -> OK|
		5 EVENTS ->
		0 GET_PERMS @introduceDomain| -> n0|
		0 SET_PERMS @introduceDomain|n0|r5| -> OK|
		0 INTRODUCE 5|1|1| -> OK|
		5 EVENTS -> @introduceDomain|t
		0 RELEASE 5| -> OK|
		0 GET_PERMS @introduceDomain| -> n0|
	`)
}

func TestTarget(t *testing.T) {
	newWorld(t).home(5, 6).run(`
		5 WRITE a|1 -> OK|
		6 READ /local/domain/5/a| -> EACCES
		0 SET_TARGET 6|5| -> ENOENT
		0 INTRODUCE 5|1|1| -> OK|
		0 INTRODUCE 6|1|1| -> OK|
		0 SET_TARGET 6|5| -> OK|
		6 READ /local/domain/5/a| -> 1
		6 SET_PERMS /local/domain/5/a|n5|r7| -> OK|
		6 SET_PERMS /local/domain/5/a|n6| -> EPERM
		5 READ /local/domain/6| -> EACCES
		0 RELEASE 5| -> OK|
	`).home(5).run(`
		6 READ /local/domain/5| -> EACCES   // another domain
	`)
}

func TestControl(t *testing.T) {
	w := newWorld(t)
	w.run(`
		0 CONTROL check| -> OK|
		0 CONTROL print|some|text| -> OK|
	`)
	require.Contains(t, w.ask("0", "CONTROL help|"), "check")
	require.Contains(t, w.ask("0", "CONTROL quota|"), "Nodes:1000")
	w.store.domain(0).usage.nodes++
	require.Contains(t, w.ask("0", "CONTROL check|"), "domain 0 is charged for")
}

func TestFigures(t *testing.T) {
	w := newWorld(t).home(5).run(`
		5 WRITE ab|123 -> OK|
		5 WATCH a|t| -> OK|
		5 TRANSACTION_START | -> 1|
	`)
	all := w.store.Figures()
	require.Equal(t, Figures{Nodes: 2, Bytes: len("5") + len("ab") + len("123") + 2*permSize, Connections: 1, Watches: 1, Transactions: 1, Events: 1}, all[5])
	require.Equal(t, Figures{Nodes: 5, Bytes: len("localdomaintoolxenstored") + 5*permSize, Connections: 1}, all[0])
	w.run(`0 INTRODUCE 5|1|1| -> OK|`)
	w.run(`0 RELEASE 5| -> OK|`)
	require.Len(t, w.store.Figures(), 1)
}

// An error that the protocol does not have does not go out.
func TestErrorNames(t *testing.T) {
	require.Equal(t, "EIO", nameOf(1000))
	require.Equal(t, "EAGAIN", nameOf(11))
	require.Len(t, errnos, 16)
}

// Whatever a domain asks for, the store answers with what fits in a message, keeps its accounts, and touches nothing that is not the domain's.
func FuzzRequest(f *testing.F) {
	f.Add(uint32(hypercall.XS_WRITE), uint32(0), []byte("a\x00b"))
	f.Add(uint32(hypercall.XS_READ), uint32(1), []byte("/local/domain/5/kept\x00"))
	f.Add(uint32(hypercall.XS_RM), uint32(1), []byte("/local/domain/6\x00"))
	f.Add(uint32(hypercall.XS_SET_PERMS), uint32(0), []byte("kept\x00n5\x00r6\x00"))
	f.Add(uint32(hypercall.XS_WATCH), uint32(0), []byte("@releaseDomain\x00t\x00"))
	f.Add(uint32(hypercall.XS_DIRECTORY_PART), uint32(0), []byte("/\x0099\x00"))
	f.Add(uint32(hypercall.XS_TRANSACTION_END), uint32(1), []byte("T\x00"))
	f.Fuzz(func(t *testing.T, kind, tx uint32, body []byte) {
		w := newWorld(t).home(5, 6)
		w.run(`
			5 WRITE kept|1 -> OK|
			6 WRITE kept|1 -> OK|
			5 TRANSACTION_START | -> 1|
			5#1 WRITE kept|2 -> OK|`)
		c := w.client("5")
		for range 2 {
			reply := c.Do(wire.Message{Type: kind, Tx: tx, Body: body})
			require.LessOrEqual(t, len(reply.Body), hypercall.XENSTORE_PAYLOAD_MAX)
			require.Contains(t, []uint32{kind, hypercall.XS_ERROR}, reply.Type)
			w.events("5")
			require.Equal(t, "OK", w.store.Check())
		}
		w.run(`
			6 READ kept| -> 1
			0 DIRECTORY /| -> local|tool|
			0 DIRECTORY /local/domain| -> 5|6|`)
	})
}
