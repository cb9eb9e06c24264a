// Package grants tests grants of a domain to itself: all that a granter and a user see of them, but for each other's hostility,
// of which the guest pair has some.
package grants

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests.
var Group = pv.Group{Name: "grants", Tests: []pv.Test{
	{Name: "map", Run: mapped},
	{Name: "at-entry", Run: atEntry},
	{Name: "read-only", Run: readOnly},
	{Name: "refused", Run: refused},
	{Name: "devices", Run: devices},
	{Name: "types", Run: types},
	{Name: "overwritten", Run: overwritten},
	{Name: "replace", Run: replace},
	{Name: "copy", Run: copied},
	{Name: "copy-refused", Run: copyRefused},
	{Name: "swap", Run: swap},
	{Name: "list", Run: list},
	{Name: "commands", Run: commands},
	{Name: "together", Run: together},
}}

const (
	okay    = hypercall.GNTST_okay
	general = hypercall.GNTST_general_error

	host     = hypercall.GNTMAP_host_map
	read     = hypercall.GNTMAP_readonly
	reading  = hypercall.GTF_reading
	writing  = hypercall.GTF_writing
	slot     = 301 // of the root, where grants are mapped
	firstRef = 8   // the first that is not reserved
	nobody   = 77
	nowhere  = 0x1000
)

// world is the domain's table, which stays from test to test, a page that is granted, and where to map it.
type world struct {
	grants *[512]pv.Grant
	self   hypercall.DomID
	space  pv.Space
	page   uint64
	g      *pv.Grant // of the page, by firstRef
}

var table *[512]pv.Grant

// begin grants a page, with flags.
func begin(flags uint32) *world {
	w := &theWorld
	if table == nil {
		table = pv.Grants()
	}
	w.grants, w.self, w.page = table, pv.DomainID(), pv.AllocPage()
	w.space.Install(slot)
	w.g = &table[firstRef]
	w.g.Set(w.self, pv.MFN(w.page), flags)
	return w
}

var theWorld world

// end requires that nothing is in use any more.
func (w *world) end(t *pv.T) {
	t.Equal("marks", w.g.Marks(), 0)
	t.Check(w.g.End(), "the grant can't be ended")
	pv.Unprotect(w.page)
	pv.FreePage(w.page)
	w.space.Remove()
}

// mapAt maps the grant as page i of the space.
func (w *world) mapAt(i uint64, flags uint32) hypercall.GnttabMapGrantRef {
	return pv.MapGrant(hypercall.GnttabMapGrantRef{HostAddr: w.space.Page(i), Flags: flags, Ref: firstRef, Dom: w.self})
}

func unmap(op *hypercall.GnttabMapGrantRef) hypercall.GrantStatus {
	return pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle})
}
