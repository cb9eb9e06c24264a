// Package dom0 tests the calls by which domain 0 cares for the machine, and those about grant tables that need no other
// domain.
package dom0

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "dom0", Tests: []pv.Test{
	{Name: "platform", Run: platform},
	{Name: "cpus", Run: cpus},
	{Name: "firmware", Run: firmware},
	{Name: "set-time", Run: setTime},
	{Name: "interrupts", Run: interrupts},
	{Name: "machine-check", Run: machineCheck},
	{Name: "grant-table", Run: grantTable},
	{Name: "grant-version", Run: grantVersion},
}}

const nowhere = 0x1000
