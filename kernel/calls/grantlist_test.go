package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// list makes a call about a list that lies from page 6 on, 100 bytes before its end, so that
// an element lies on two pages.
func list[T any](g *guest, cmd uint64, ops []T) (int64, []T) {
	const at = 7*frame.PageSize - 100
	g.write(at, ops)
	r := g.call(grantCall, cmd, g.at(at), uint64(len(ops)))
	for i := range ops {
		ops[i] = read[T](g, at+uint64(i)*sizeOf[T]())
	}
	return r, ops
}

// XSA-318: a list that takes many steps has the status of each element, wherever a step
// ends, and each element is made once; other vCPUs that change the list meanwhile change
// nothing of what is done.
func TestXSA318EveryElementHasItsStatus(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, 0)
	before := counts(m)
	maps := make([]hypercall.GnttabMapGrantRef, 150)
	for i := range maps {
		maps[i] = hypercall.GnttabMapGrantRef{HostAddr: window(room0 + i), Flags: hostMap, Ref: 9, Dom: p.granter.d.DomID(), Status: 77}
		if i%3 == 2 {
			maps[i].Ref = 8
		}
	}
	r, maps := list(p.user, hypercall.GNTTABOP_map_grant_ref, maps[:100:100])
	require.Zero(t, r)
	made := uint64(0)
	for i, op := range maps {
		if i%3 == 2 {
			assert.Equal(t, general, op.Status, "element %d", i)
			continue
		}
		assert.Equal(t, okay, op.Status, "element %d", i)
		made++
	}
	assert.Equal(t, more(before, made+1, made), counts(m), "the entries' and one pin's")

	unmaps := make([]hypercall.GnttabUnmapGrantRef, len(maps))
	for i, op := range maps {
		unmaps[i] = hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle, Status: 77}
	}
	r, unmaps = list(p.user, hypercall.GNTTABOP_unmap_grant_ref, unmaps)
	require.Zero(t, r)
	for i, op := range unmaps {
		want := okay
		if i%3 == 2 {
			want = hypercall.GNTST_bad_handle
		}
		assert.Equal(t, want, op.Status, "element %d", i)
	}
	assert.Equal(t, before, counts(m))
	assert.Zero(t, p.marks(9))

	copies := make([]hypercall.GnttabCopy, 140)
	for i := range copies {
		copies[i] = hypercall.GnttabCopy{Source: p.granted(uint64(8+i%2), 0), Dest: own(p.user.pages[1], uint16(i)), Len: 1, Flags: fromRef, Status: 77}
	}
	between := 0
	p.user.write(2*frame.PageSize, copies)
	require.Zero(t, p.user.callBetween(grantCall, func() {
		between++
		// What is done is not looked at again.
		p.user.write(2*frame.PageSize, [40]byte{})
	}, hypercall.GNTTABOP_copy, p.user.at(2*frame.PageSize), uint64(len(copies))))
	assert.Equal(t, 1, between, "steps")
	for i := 1; i < len(copies); i++ {
		want := []hypercall.GrantStatus{general, okay}[i%2]
		assert.Equal(t, want, read[hypercall.GnttabCopy](p.user, 2*frame.PageSize+uint64(i)*sizeOf[hypercall.GnttabCopy]()).Status, "element %d", i)
	}
}

func sizeOf[T any]() uint64 {
	a := hypercall.Handle[T](0)
	return uint64(a.At(1))
}

// A list that can't be read, or not be written to, is refused before anything is done.
func TestGrantListNowhere(t *testing.T) {
	p := newPair(t)
	p.grant(9, 3, 0)
	op := hypercall.GnttabMapGrantRef{HostAddr: window(room0), Flags: hostMap, Ref: 9, Dom: p.granter.d.DomID()}
	fault := failed(hypercall.EFAULT)
	const page = 5 * frame.PageSize
	p.user.write(page, op)
	require.Zero(t, p.user.update(p.user.l1, 5, pagetype.MakePTE(p.user.pages[5], leaf)))
	for _, at := range []uint64{p.user.at(page), 0, 0xffff_8000_0000_0000, 1 << 63, p.user.at(8*frame.PageSize - 8), ^uint64(0) - 7} {
		for _, cmd := range []uint64{
			hypercall.GNTTABOP_map_grant_ref, hypercall.GNTTABOP_unmap_grant_ref, hypercall.GNTTABOP_unmap_and_replace,
			hypercall.GNTTABOP_copy, hypercall.GNTTABOP_swap_grant_ref,
		} {
			assert.Equal(t, fault, p.user.call(grantCall, cmd, at, 1), "command %d at %x", cmd, at)
			assert.Zero(t, p.user.call(grantCall, cmd, at, 0), "an empty list")
			assert.Equal(t, failed(hypercall.EINVAL), p.user.call(grantCall, cmd, at, 1<<31))
		}
	}
	assert.Zero(t, p.marks(9))
	assert.Zero(t, p.user.entry(p.user.l1, room0))
}

// The list lies in the page that is unmapped by it.
func TestListInTheMapping(t *testing.T) {
	p := newPair(t)
	p.grant(9, 3, 0)
	op := p.mapAt(room0, 9, hostMap)
	require.Equal(t, okay, op.Status)
	at := p.user.write(room0*frame.PageSize, hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle, Status: 77})
	assert.Equal(t, failed(hypercall.EFAULT), p.user.call(grantCall, hypercall.GNTTABOP_unmap_grant_ref, at, 2), "there is no second element any more")
	assert.Zero(t, p.user.entry(p.user.l1, room0))
	assert.Zero(t, p.marks(9))
	assert.Equal(t, hypercall.GNTST_bad_handle, p.unmap(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}))
}

func TestMostMappings(t *testing.T) {
	p := newPair(t)
	p.grant(9, 3, 0)
	const most = grant.MaxPages * grant.PerPage
	ops := make([]hypercall.GnttabMapGrantRef, 512)
	at := uint64(frame.PageSize)
	for i := range ops {
		ops[i] = hypercall.GnttabMapGrantRef{Flags: deviceMap | hypercall.GNTMAP_readonly, Ref: 9, Dom: p.granter.d.DomID()}
	}
	p.user.write(at, ops)
	for range most / len(ops) {
		require.Zero(t, p.user.call(grantCall, hypercall.GNTTABOP_map_grant_ref, p.user.at(at), uint64(len(ops))))
	}
	assert.EqualValues(t, most-1, read[hypercall.GnttabMapGrantRef](p.user, at+511*sizeOf[hypercall.GnttabMapGrantRef]()).Handle)
	assert.Equal(t, hypercall.GNTST_no_space, p.mapAt(room0, 9, hostMap).Status)
	assert.Equal(t, okay, p.unmap(hypercall.GnttabUnmapGrantRef{Handle: 7, DevBusAddr: uint64(p.granter.pages[3].Addr())}))
	assert.EqualValues(t, 7, p.mapAt(room0, 9, hostMap).Handle)
}

// XSA-380: what a domain has mapped when it ends is ended some at a time.
func TestXSA380EndInSteps(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, 0)
	for range 2 {
		ops := make([]hypercall.GnttabMapGrantRef, grant.PerPage)
		for i := range ops {
			ops[i] = hypercall.GnttabMapGrantRef{Flags: deviceMap, Ref: 9, Dom: p.granter.d.DomID()}
		}
		p.user.write(frame.PageSize, ops)
		require.Zero(t, p.user.call(grantCall, hypercall.GNTTABOP_map_grant_ref, p.user.at(frame.PageSize), grant.PerPage))
	}
	before := counts(m)
	require.Len(t, p.user.d.Mappings.Pages(), 2)
	machine.EndMappings(p.user.v.Holder(), p.user.d, 0)
	assert.Equal(t, [2]uint64{before[0] - grant.PerPage, before[1] - grant.PerPage}, counts(m), "one page of handles")
	assert.NotZero(t, p.marks(9))
	machine.EndMappings(p.user.v.Holder(), p.user.d, 1)
	assert.Zero(t, p.marks(9))
	machine.EndMappings(p.user.v.Holder(), p.user.d, 1)
}

// A granter that ends keeps its frames, and its number, as long as others use them.
func TestGranterEnds(t *testing.T) {
	p := newPair(t)
	m := p.grant(9, 3, 0)
	op := p.mapAt(room0, 9, hostMap)
	require.Equal(t, okay, op.Status)
	require.Equal(t, okay, p.mapAt(room0+1, 9, hostMap|hypercall.GNTMAP_readonly).Status)
	require.Zero(t, p.user.update(p.user.l1, room0+1, 0)) // which only the user's end ends
	p.granter.end()
	assert.Equal(t, hypercall.GNTST_bad_domain, p.mapAt(room0+2, 9, hostMap).Status)
	assert.Equal(t, hypercall.GNTST_bad_domain, p.copy(hypercall.GnttabCopy{Source: p.granted(9, 0), Dest: own(p.user.pages[2], 0), Len: 1, Flags: fromRef}))
	owner, owned := machine.Types.Owner(m)
	assert.True(t, owned && owner == pagetype.Owner(p.granter.d.ID))
	assert.EqualValues(t, 1, p.granter.d.Pages.Load())
	assert.Equal(t, okay, p.unmap(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}))
	assert.EqualValues(t, 1, p.granter.d.Pages.Load())
	p.user.end()
	assert.False(t, machine.Types.Owned(m))
	assert.Zero(t, p.granter.d.Pages.Load())
}
