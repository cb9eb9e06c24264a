// Package mm tests the hypercalls by which a paravirtual guest manages its page tables, and that none of them lets it map
// what it may not.
package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests.
var Group = pv.Group{Name: "mm", Tests: []pv.Test{
	{Name: "batches", Run: batches},
	{Name: "batch-stops", Run: batchStops},
	{Name: "batch-lists", Run: batchLists},
	{Name: "update-commands", Run: updateCommands},
	{Name: "preserve-ad", Run: preserveAD},
	{Name: "update-data", Run: updateData},
	{Name: "machphys", Run: machphys},
	{Name: "foreign", Run: foreign},
	{Name: "entries-l1", Run: entriesL1},
	{Name: "entries-upper", Run: entriesUpper},
	{Name: "hypervisor-slots", Run: hypervisorSlots},
	{Name: "recursive", Run: recursive},
	{Name: "types", Run: types},
	{Name: "gdt-page", Run: gdtPage},
	{Name: "update-va", Run: updateVA},
	{Name: "update-va-flags", Run: updateVAFlags},
	{Name: "pin", Run: pin},
	{Name: "pin-tree", Run: pinTree},
	{Name: "pin-refused", Run: pinRefused},
	{Name: "base", Run: base},
	{Name: "base-refused", Run: baseRefused},
	{Name: "user-base", Run: userBase},
	{Name: "flush", Run: flush},
	{Name: "pages", Run: pages},
	{Name: "ldt", Run: ldt},
	{Name: "ext-batches", Run: extBatches},
	{Name: "ring", Run: ring},
	{Name: "ring-refused", Run: ringRefused},
	{Name: "ring-index", Run: ringIndex},
	{Name: "ring-frames", Run: ringFrames},
	{Name: "ring-long", Run: ringLong},
}}

// slot is the slot of the L4 table that tests use.
const slot = 300

// nobody is the number of a domain that does not exist.
const nobody hypercall.DomID = 77
