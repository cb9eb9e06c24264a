package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

const grantCall = hypercall.HYPERVISOR_grant_table_op

// setup asks for a table of so many frames, listed at offset 256.
func (g *guest) setup(dom hypercall.DomID, frames uint32, list uint64) (int64, hypercall.GrantStatus) {
	arg := g.write(0, hypercall.GnttabSetupTable{Dom: dom, NrFrames: frames, Status: 77, FrameList: hypercall.Handle[hypercall.XenPFN](list)})
	r := g.call(grantCall, hypercall.GNTTABOP_setup_table, arg, 1)
	return r, read[hypercall.GnttabSetupTable](g, 0).Status
}

func TestGrantTable(t *testing.T) {
	g := newGuest(t, false)
	for _, c := range []struct {
		what   string
		dom    hypercall.DomID
		frames uint32
		list   uint64
		result int64
		status hypercall.GrantStatus
	}{
		{"no such domain", 999, 1, g.at(256), 0, hypercall.GNTST_bad_domain},
		{"too long", hypercall.DOMID_SELF, grant.MaxFrames + 1, g.at(256), 0, hypercall.GNTST_general_error},
		{"far too long", hypercall.DOMID_SELF, 1<<32 - 1, g.at(256), 0, hypercall.GNTST_general_error},
		{"a list of the hypervisor's", hypercall.DOMID_SELF, 1, 0xffff_8000_0000_0000, failed(hypercall.EFAULT), 77},
		{"a list that ends there", hypercall.DOMID_SELF, 2, 0xffff_8000_0000_0000 - 8, failed(hypercall.EFAULT), 77},
		{"a list beyond the end", hypercall.DOMID_SELF, 2, ^uint64(0) - 8, failed(hypercall.EFAULT), 77},
		{"none", hypercall.DOMID_SELF, 0, 0, 0, 0},
		{"two", hypercall.DOMID_SELF, 2, g.at(256), 0, 0},
		{"nowhere to list them", hypercall.DOMID_SELF, 3, 4096, 0, hypercall.GNTST_bad_virt_addr},
		{"fewer", hypercall.DOMID_SELF, 1, g.at(512), 0, 0},
	} {
		result, status := g.setup(c.dom, c.frames, c.list)
		assert.Equal(t, c.result, result, c.what)
		assert.Equal(t, c.status, status, c.what)
	}
	frames := g.d.Grants.Frames()
	assert.Len(t, frames, 3)
	assert.EqualValues(t, frames[1], read[uint64](g, 256+8))
	assert.EqualValues(t, frames[0], read[uint64](g, 512))

	// The guest can map them, and give them away; but they stay as they are.
	assert.Zero(t, g.update(g.l1, 30, pagetype.MakePTE(frames[0], table)))
	assert.Zero(t, g.update(g.l1, 30, 0))
	assert.Equal(t, failed(hypercall.EINVAL), g.extended(hypercall.MMUEXT_PIN_L1_TABLE, frames[0]))
	arg := g.reservation(hypercall.XenMemoryReservation{}, uint64(frames[0]))
	g.call(memoryCall, hypercall.XENMEM_decrease_reservation, arg)
	assert.True(t, g.owns(frames[0]))

	size := hypercall.GnttabQuerySize{Dom: hypercall.DOMID_SELF}
	assert.Zero(t, g.call(grantCall, hypercall.GNTTABOP_query_size, g.write(0, size), 1))
	size = read[hypercall.GnttabQuerySize](g, 0)
	assert.EqualValues(t, 3, size.NrFrames)
	assert.EqualValues(t, grant.MaxFrames, size.MaxNrFrames)
}

// All of it, in one call; a domain that has ended gets none.
func TestLargestGrantTable(t *testing.T) {
	g := newGuest(t, false)
	h := g.v.Holder()
	assert.True(t, machine.GrowGrants(h, g.d, grant.MaxFrames))
	assert.True(t, machine.GrowGrants(h, g.d, grant.MaxFrames))
	assert.Len(t, g.d.Grants.Frames(), grant.MaxFrames)
	for _, m := range g.d.Grants.Frames() {
		assert.Equal(t, [frame.PageSize]byte{}, *machine.Types.Page(m))
	}
	ended := newGuest(t, false)
	ended.d.Shutdown.Store(true)
	assert.False(t, machine.GrowGrants(h, ended.d, 1))
	assert.Empty(t, ended.d.Grants.Frames())
}

func TestGrantVersion(t *testing.T) {
	g := newGuest(t, false)
	for version, e := range map[uint32]hypercall.Errno{0: hypercall.EINVAL, 1: 0, 2: hypercall.ENOSYS, 3: hypercall.EINVAL} {
		arg := g.write(0, hypercall.GnttabSetVersion{Version: version})
		assert.Equal(t, failed(e), g.call(grantCall, hypercall.GNTTABOP_set_version, arg, 1), version)
		assert.EqualValues(t, 1, read[hypercall.GnttabSetVersion](g, 0).Version, "the one in force")
	}
	for count, e := range map[uint64]hypercall.Errno{0: hypercall.EINVAL, 2: hypercall.EINVAL, 1 << 31: hypercall.EINVAL} {
		for _, cmd := range []uint64{hypercall.GNTTABOP_setup_table, hypercall.GNTTABOP_query_size} {
			assert.Equal(t, failed(e), g.call(grantCall, cmd, g.at(0), count), "command %d, count %d", cmd, count)
		}
	}
	assert.Equal(t, failed(hypercall.ENOSYS), g.call(grantCall, hypercall.GNTTABOP_transfer, g.at(0), 1))
}
