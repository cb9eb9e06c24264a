package keys

import (
	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// Key is one key of the console.
type Key struct {
	Key  byte
	Help string               // one line, no full stop
	Run  func(h *lock.Holder) // h is that of the CPU it runs on
}

// maxTables is how many tables there can be besides the built-in one.
const maxTables = 8

var (
	tables     [maxTables][]Key
	tableCount int
)

// Add makes the console know more keys. The table must stay as it is. For the
// boot sequence, before Start.
func Add(table []Key) {
	if tableCount == maxTables {
		klog.Bug("too many tables of keys")
	}
	tables[tableCount] = table
	tableCount++
}

// find is the key's latest entry, or nil.
func find(b byte) *Key {
	for t := tableCount - 1; t >= 0; t-- {
		if k := findIn(tables[t], b); k != nil {
			return k
		}
	}
	return findIn(builtin[:], b)
}

func findIn(table []Key, b byte) *Key {
	for i := range table {
		if table[i].Key == b {
			return &table[i]
		}
	}
	return nil
}

// before is the key that was pressed last, for those that ask for a second press.
var before byte

// Press does what a key says.
func Press(h *lock.Holder, b byte) {
	k := find(b)
	switch {
	case k != nil:
		k.Run(h)
	case b == '\r' || b == '\n':
		// An empty line, to see that somebody is there.
		klog.Infof("tuco: h for help")
	default:
		one := [1]byte{b}
		klog.Infof("no such key: %s; h for help", klog.B(one[:]))
	}
	before = b
}

// help lists the keys in the order of their codes, each as it works now.
func help(*lock.Holder) {
	for b := byte('!'); b < 0x7f; b++ {
		if k := find(b); k != nil {
			one := [1]byte{b}
			klog.Infof("  %s  %s", klog.B(one[:]), klog.S(k.Help))
		}
	}
}
