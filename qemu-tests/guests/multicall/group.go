// Package multicall tests several hypercalls in one.
package multicall

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests.
var Group = pv.Group{Name: "multicall", Tests: []pv.Test{
	{Name: "results", Run: results},
	{Name: "many", Run: many},
	{Name: "nested", Run: nested},
	{Name: "lists", Run: lists},
	{Name: "read-only", Run: readOnly},
	{Name: "iret", Run: iret},
	{Name: "upcall", Run: upcall},
}}

// untouched is what a result is before.
const untouched = 0xdead_beef

// entries is a list; it is too large for the stack.
var entries [256]hypercall.MulticallEntry

// set makes entry i a call.
func set(i int, op hypercall.Number, args ...uint64) {
	e := &entries[i]
	*e = hypercall.MulticallEntry{Op: op, Result: untouched}
	copy(e.Args[:], args)
}

// call makes the first n calls.
func call(n int) uint64 {
	return pv.Call(hypercall.HYPERVISOR_multicall, pv.Address(&entries), uint64(n), 0, 0, 0)
}

// version is what xen_version says.
func version() uint64 { return pv.XenVersion[byte](hypercall.XENVER_version, nil) }

const noCall hypercall.Number = 63
