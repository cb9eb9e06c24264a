package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// pair is two domains: what the one grants the other may use. The granter has a table of
// one frame, which it sees as entries.
type pair struct {
	t             *testing.T
	granter, user *guest
	entries       frame.MFN
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, granter: newNeighbour(t)}
	p.user = newNeighbour(t) // which ends first
	require.True(t, machine.GrowGrants(p.granter.v.Holder(), p.granter.d, 1))
	p.entries = p.granter.d.Grants.Frames()[0]
	return p
}

// write is what the granter writes into an entry.
func (p *pair) write(ref hypercall.GrantRef, flags uint16, to hypercall.DomID, m frame.MFN) {
	machine.Types.Table(p.entries)[ref].Store(uint64(flags) | uint64(to)<<16 | uint64(m)<<32)
}

// grant grants the granter's page n to the user.
func (p *pair) grant(ref hypercall.GrantRef, n int, flags uint16) frame.MFN {
	m := p.granter.pages[n]
	p.write(ref, hypercall.GTF_permit_access|flags, p.user.d.DomID(), m)
	return m
}

// marks are those of an entry.
func (p *pair) marks(ref hypercall.GrantRef) uint64 {
	return machine.Types.Table(p.entries)[ref].Load() & (hypercall.GTF_reading | hypercall.GTF_writing)
}

// one makes a grant_table_op of one element, and returns it as it is then.
func one[T any](g *guest, cmd uint64, op T) T {
	arg := g.write(0, op)
	require.Zero(g.t, g.call(grantCall, cmd, arg, 1))
	return read[T](g, 0)
}

// window is where the guest maps grants: entry n of its L1.
func window(n int) uint64 { return uint64(base) + uint64(n)*frame.PageSize }

const room0 = 32 // the first entry that maps nothing

func (p *pair) mapAt(n int, ref hypercall.GrantRef, flags uint32) hypercall.GnttabMapGrantRef {
	at := window(n)
	if flags&hypercall.GNTMAP_contains_pte != 0 {
		at = slot(p.user.l1, n)
	}
	return one(p.user, hypercall.GNTTABOP_map_grant_ref, hypercall.GnttabMapGrantRef{
		HostAddr: at, Flags: flags, Ref: ref, Dom: p.granter.d.DomID(), Status: 77,
	})
}

func (p *pair) unmap(op hypercall.GnttabUnmapGrantRef) hypercall.GrantStatus {
	op.Status = 77
	return one(p.user, hypercall.GNTTABOP_unmap_grant_ref, op).Status
}

// counts are a frame's references, and those to its type.
func counts(m frame.MFN) [2]uint64 {
	const mask = 1<<44 - 1
	r := references(m)
	return [2]uint64{r[0] & mask, r[1] & mask}
}

// more is counts with some more of either.
func more(c [2]uint64, references, types uint64) [2]uint64 {
	return [2]uint64{c[0] + references, c[1] + types}
}

const (
	hostMap   = hypercall.GNTMAP_host_map
	deviceMap = hypercall.GNTMAP_device_map
	okay      = hypercall.GNTST_okay
	general   = hypercall.GNTST_general_error
)

func TestMapGrant(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, 0)
	before := counts(m)
	for _, c := range []struct {
		what  string
		flags uint32
		want  pagetype.PTE
		marks uint64
	}{
		{"to write", hostMap, table, hypercall.GTF_reading | hypercall.GTF_writing},
		{"to read", hostMap | hypercall.GNTMAP_readonly, leaf, hypercall.GTF_reading},
		{"at the entry", hostMap | hypercall.GNTMAP_contains_pte, table, hypercall.GTF_reading | hypercall.GTF_writing},
		{"software's bits", hostMap | 0xffff<<16, table | 7<<9, hypercall.GTF_reading | hypercall.GTF_writing},
		{"for the user too", hostMap | hypercall.GNTMAP_application_map, table, hypercall.GTF_reading | hypercall.GTF_writing},
	} {
		op := p.mapAt(room0, 9, c.flags)
		require.Equal(t, okay, op.Status, c.what)
		assert.EqualValues(t, m.Addr(), op.DevBusAddr, c.what)
		const always = pagetype.Accessed | pagetype.Dirty | pagetype.NoExecute
		assert.Equal(t, pagetype.MakePTE(m, c.want|always), p.user.entry(p.user.l1, room0), c.what)
		assert.Equal(t, c.marks, p.marks(9), c.what)
		machine.Types.Page(m)[5] = 0x55
		assert.EqualValues(t, 0x55, read[byte](p.user, room0*frame.PageSize+5), c.what)

		for _, v := range p.user.d.VCPUs() {
			v.Wants.Store(0)
		}
		at := hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}
		assert.Equal(t, okay, p.unmap(at), c.what)
		assert.Zero(t, p.user.entry(p.user.l1, room0), c.what)
		assert.Zero(t, p.marks(9), c.what)
		for _, v := range p.user.d.VCPUs() {
			assert.EqualValues(t, domain.WantFlush, v.Wants.Load(), "%s: vCPU %d has the translation still", c.what, v.ID)
		}
		assert.Equal(t, hypercall.GNTST_bad_handle, p.unmap(at), c.what)
		assert.Equal(t, before, counts(m), c.what)
	}
}

// Whatever is refused leaves no mark, no reference and no handle.
func TestMapGrantRefused(t *testing.T) {
	p := newPair(t)
	self, user := p.granter.d.DomID(), p.user.d.DomID()
	good := hypercall.GnttabMapGrantRef{HostAddr: window(room0), Flags: hostMap, Ref: 9, Dom: self}
	with := func(change func(*hypercall.GnttabMapGrantRef)) hypercall.GnttabMapGrantRef {
		op := good
		change(&op)
		return op
	}
	at := func(a uint64, flags uint32) hypercall.GnttabMapGrantRef {
		return with(func(op *hypercall.GnttabMapGrantRef) { op.HostAddr, op.Flags = a, flags|hostMap })
	}
	const byEntry = hypercall.GNTMAP_contains_pte
	m := p.grant(9, 3, 0)
	p.grant(10, 3, hypercall.GTF_readonly)
	p.write(11, hypercall.GTF_permit_access, self, m)
	p.write(12, hypercall.GTF_permit_access, user, p.user.pages[1])
	p.write(13, hypercall.GTF_permit_access, user, p.granter.l1)
	before := counts(m)
	for _, c := range []struct {
		what string
		op   hypercall.GnttabMapGrantRef
		want hypercall.GrantStatus
	}{
		{"for nothing", with(func(op *hypercall.GnttabMapGrantRef) { op.Flags = hypercall.GNTMAP_readonly }), hypercall.GNTST_bad_gntref},
		{"no domain", with(func(op *hypercall.GnttabMapGrantRef) { op.Dom = noDomain() }), hypercall.GNTST_bad_domain},
		{"oneself by that name", with(func(op *hypercall.GnttabMapGrantRef) { op.Dom = hypercall.DOMID_SELF }), hypercall.GNTST_bad_domain},
		{"a domain with no table", with(func(op *hypercall.GnttabMapGrantRef) { op.Dom = user }), hypercall.GNTST_bad_gntref},
		{"beyond the table", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref = 512 }), hypercall.GNTST_bad_gntref},
		{"nothing granted", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref = 8 }), general},
		{"to write what may be read", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref = 10 }), general},
		{"for another domain", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref = 11 }), general},
		{"not the granter's frame", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref = 12 }), hypercall.GNTST_bad_page},
		{"a page table to write", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref = 13 }), general},
		{"a page table for devices", with(func(op *hypercall.GnttabMapGrantRef) { op.Ref, op.Flags = 13, deviceMap }), general},
		{"no table there", at(uint64(base)+1<<30, 0), general},
		{"not canonical", at(1<<63, 0), general},
		{"the hypervisor's part", at(0xffff_8080_0000_0000, 0), general},
		{"XSA-227: not an entry's address", at(slot(p.user.l1, room0)+4, byEntry), general},
		{"XSA-227: the last byte", at(slot(p.user.l1, room0)+7, byEntry), general},
		{"an entry of an L2", at(slot(p.user.l2, 9), byEntry), general},
		{"a page that is no table", at(slot(p.user.pages[1], 0), byEntry), general},
		{"another's table", at(slot(p.granter.l1, room0), byEntry), general},
		{"the hypervisor's frame", at(slot(hypervisorFrame, 0), byEntry), general},
		{"no frame", at(1<<51, byEntry), general},
	} {
		op := one(p.user, hypercall.GNTTABOP_map_grant_ref, c.op)
		assert.Equal(t, c.want, op.Status, c.what)
		assert.Zero(t, p.user.entry(p.user.l1, room0), c.what)
		assert.Equal(t, before, counts(m), c.what)
		assert.Equal(t, noHandle, op.Handle, c.what)
		for ref := range hypercall.GrantRef(14) {
			assert.Zero(t, p.marks(ref), "%s: %d is marked", c.what, ref)
		}
	}
	assert.EqualValues(t, 0, p.mapAt(room0, 9, hostMap).Handle, "the first handle is still free")
}

// XSA-224: a mapping for CPUs and devices has a reference for each, and each is given back once,
// in whatever order they end.
func TestXSA224HostAndDevice(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, 0)
	before := counts(m)
	for _, order := range [][]grant.Parts{{grant.Host, grant.Device}, {grant.Device, grant.Host}, {grant.Host | grant.Device}} {
		op := p.mapAt(room0, 9, hostMap|deviceMap)
		require.Equal(t, okay, op.Status)
		assert.Equal(t, more(before, 3, 2), counts(m), "the entry's, the device's and the pin's")
		assert.Equal(t, hypercall.GNTST_bad_dev_addr, p.unmap(hypercall.GnttabUnmapGrantRef{DevBusAddr: op.DevBusAddr + frame.PageSize, Handle: op.Handle}))
		for i, parts := range order {
			un := hypercall.GnttabUnmapGrantRef{Handle: op.Handle}
			if parts&grant.Host != 0 {
				un.HostAddr = op.HostAddr
			}
			if parts&grant.Device != 0 {
				un.DevBusAddr = op.DevBusAddr
			}
			assert.NotZero(t, p.marks(9), "in use till the last part ends")
			assert.Equal(t, okay, p.unmap(un))
			if i+1 < len(order) {
				assert.Equal(t, okay, p.unmap(un), "once more: that part is no more, and nothing happens")
				assert.Equal(t, more(before, 2, 1), counts(m))
			}
		}
		assert.Zero(t, p.marks(9))
		assert.Equal(t, before, counts(m))
	}
	assert.Equal(t, okay, p.mapAt(room0, 9, deviceMap).Status)
	assert.Zero(t, p.user.entry(p.user.l1, room0))
}

// XSA-234: an entry that is not what was mapped is not unmapped, and nothing given back for it; the
// domain's end does that.
func TestXSA234EntryIsNoMore(t *testing.T) {
	for _, c := range []struct {
		what string
		e    func(p *pair, m frame.MFN) pagetype.PTE
	}{
		{"nothing", func(*pair, frame.MFN) pagetype.PTE { return 0 }},
		{"read-only", func(_ *pair, m frame.MFN) pagetype.PTE { return pagetype.MakePTE(m, leaf) }},
		{"not present", func(*pair, frame.MFN) pagetype.PTE { return pagetype.RW }},
		{"another frame", func(p *pair, _ frame.MFN) pagetype.PTE { return pagetype.MakePTE(p.user.pages[1], table) }},
	} {
		p := newPair(t)
		m := p.grant(9, 3, 0)
		before := counts(m)
		op := p.mapAt(room0, 9, hostMap)
		require.Equal(t, okay, op.Status, c.what)
		if c.what == "read-only" {
			assert.Zero(t, p.user.call(mmuUpdateCall, p.user.write(64, slot(p.user.l1, room0), uint64(c.e(p, m))), 1, 0, uint64(hypercall.DOMID_SELF)), c.what)
		} else {
			assert.Zero(t, p.user.update(p.user.l1, room0, c.e(p, m)), c.what)
			assert.Equal(t, more(before, 1, 0), counts(m), "%s: only the pin is left", c.what)
		}
		for range 2 {
			assert.Equal(t, general, p.unmap(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}), c.what)
		}
		assert.NotZero(t, p.marks(9), c.what)
		p.user.end()
		assert.Zero(t, p.marks(9), c.what)
		assert.Equal(t, before, counts(m), c.what)
	}
}

// What is mapped to be written is no page table, and what is a page table is not mapped so; it
// may be one when nothing of the user's says otherwise any more.
func TestGrantedPageTables(t *testing.T) {
	p := newPair(t)
	m := p.granter.alloc()
	p.write(9, hypercall.GTF_permit_access, p.user.d.DomID(), m)
	refused := failed(hypercall.EINVAL)
	op := p.mapAt(room0, 9, hostMap)
	require.Equal(t, okay, op.Status)
	assert.Equal(t, refused, p.granter.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	require.Equal(t, okay, p.unmap(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}))
	assert.Zero(t, p.granter.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	assert.Equal(t, general, p.mapAt(room0, 9, hostMap).Status)
	read := p.mapAt(room0, 9, hostMap|hypercall.GNTMAP_readonly)
	assert.Equal(t, okay, read.Status, "to read a table")
	assert.Zero(t, p.granter.extended(hypercall.MMUEXT_UNPIN_TABLE, m))
	require.Equal(t, okay, p.unmap(hypercall.GnttabUnmapGrantRef{HostAddr: read.HostAddr, Handle: read.Handle}))

	// An entry that its own guest overwrites keeps the handle, and no right to write.
	op = p.mapAt(room0, 9, hostMap)
	require.Equal(t, okay, op.Status)
	assert.Zero(t, p.user.update(p.user.l1, room0, 0))
	assert.Zero(t, p.granter.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	assert.Zero(t, p.granter.extended(hypercall.MMUEXT_UNPIN_TABLE, m))

	// Device's writes count as the CPU's.
	op = p.mapAt(room0, 9, deviceMap)
	require.Equal(t, okay, op.Status)
	assert.Equal(t, refused, p.granter.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	require.Equal(t, okay, p.unmap(hypercall.GnttabUnmapGrantRef{DevBusAddr: op.DevBusAddr, Handle: op.Handle}))
	assert.Zero(t, p.granter.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
}

// No other call of the user's makes a second entry of one that maps a grant, or a table that
// may write of one that may read.
func TestGrantIsNotMultiplied(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, hypercall.GTF_readonly)
	op := p.mapAt(room0, 9, hostMap|hypercall.GNTMAP_readonly)
	require.Equal(t, okay, op.Status)
	before := counts(m)
	busy := failed(hypercall.EBUSY)
	assert.Equal(t, busy, p.user.update(p.user.l1, room0+1, pagetype.MakePTE(m, leaf)))
	assert.Equal(t, busy, p.user.update(p.user.l1, room0, pagetype.MakePTE(m, table)))
	other := p.user.alloc()
	p.user.set(other, 0, pagetype.MakePTE(m, leaf))
	assert.NotZero(t, p.user.extended(hypercall.MMUEXT_PIN_L1_TABLE, other))
	assert.Equal(t, before, counts(m))
	require.Equal(t, okay, p.unmap(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}))
}

func TestMapOwnGrant(t *testing.T) {
	p := newPair(t)
	g := p.granter
	m := g.pages[3]
	p.write(9, hypercall.GTF_permit_access, g.d.DomID(), m)
	before := counts(m)
	op := one(g, hypercall.GNTTABOP_map_grant_ref, hypercall.GnttabMapGrantRef{HostAddr: window(room0), Flags: hostMap, Ref: 9, Dom: g.d.DomID()})
	require.Equal(t, okay, op.Status)
	assert.Equal(t, more(before, 2, 1), counts(m))
	un := one(g, hypercall.GNTTABOP_unmap_grant_ref, hypercall.GnttabUnmapGrantRef{HostAddr: window(room0), Handle: op.Handle})
	assert.Equal(t, okay, un.Status)
	assert.Equal(t, before, counts(m))
	// One that is mapped when its domain ends.
	op = one(g, hypercall.GNTTABOP_map_grant_ref, hypercall.GnttabMapGrantRef{HostAddr: window(room0), Flags: hostMap, Ref: 9, Dom: g.d.DomID()})
	require.Equal(t, okay, op.Status)
}

func TestUnmapAndReplace(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, 0)
	before := counts(m)
	replace := func(op hypercall.GnttabMapGrantRef, from uint64) hypercall.GrantStatus {
		return one(p.user, hypercall.GNTTABOP_unmap_and_replace, hypercall.GnttabUnmapAndReplace{HostAddr: op.HostAddr, NewAddr: from, Handle: op.Handle, Status: 77}).Status
	}
	own := p.user.pages[5]
	op := p.mapAt(room0, 9, hostMap)
	require.Equal(t, okay, op.Status)
	assert.Equal(t, general, replace(op, uint64(base)+1<<30), "no table there")
	assert.Equal(t, okay, replace(op, window(5)))
	assert.Equal(t, own, p.user.entry(p.user.l1, room0).MFN())
	assert.Zero(t, p.user.entry(p.user.l1, 5))
	assert.Equal(t, before, counts(m))
	assert.Zero(t, p.marks(9))
	assert.Zero(t, p.user.update(p.user.l1, 5, pagetype.MakePTE(own, table)))

	op = p.mapAt(room0, 9, hostMap)
	assert.Equal(t, okay, replace(op, 0), "without a replacement")
	assert.Zero(t, p.user.entry(p.user.l1, room0))
	op = p.mapAt(room0, 9, hostMap|hypercall.GNTMAP_contains_pte)
	assert.Equal(t, general, replace(op, window(5)))
	op = p.mapAt(room0+1, 9, hostMap)
	assert.Equal(t, okay, replace(op, op.HostAddr), "by itself")
	assert.Zero(t, p.user.entry(p.user.l1, room0+1))
	p.grant(10, 4, 0)
	op, other := p.mapAt(room0+1, 9, hostMap), p.mapAt(room0+2, 10, hostMap)
	assert.Equal(t, general, replace(op, other.HostAddr), "what maps a grant stays where it is")
	assert.Equal(t, p.granter.pages[4], p.user.entry(p.user.l1, room0+2).MFN())
}
