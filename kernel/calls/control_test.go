package calls

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
)

const controlCall = hypercall.HYPERVISOR_control_op

// control makes a control_op of the version that there is, with a structure at the start of the guest's memory.
func (g *guest) control(cmd uint64, arg any) int64 {
	return g.call(controlCall, hypercall.CONTROL_VERSION, cmd, g.write(0, arg))
}

// listed asks about all domains from a number on, with room for some.
func (g *guest) listed(first hypercall.DomID, room uint32) []hypercall.ControlDomain {
	at := g.at(256)
	arg := hypercall.ControlList{First: first, Count: room, Domains: hypercall.Handle[hypercall.ControlDomain](at)}
	require.Zero(g.t, g.control(hypercall.CONTROLOP_list, arg))
	n := read[hypercall.ControlList](g, 0).Count
	require.LessOrEqual(g.t, n, room)
	list := make([]hypercall.ControlDomain, n)
	for i := range list {
		list[i] = read[hypercall.ControlDomain](g, 256+uint64(i)*uint64(unsafe.Sizeof(list[i])))
	}
	return list
}

func TestControlVersion(t *testing.T) {
	g := newGuest(t, true)
	for _, caller := range []uint64{0, hypercall.CONTROL_VERSION, hypercall.CONTROL_VERSION + 1, 1<<32 - 1} {
		assert.Zero(t, g.call(controlCall, caller, hypercall.CONTROLOP_version, g.at(0)))
		assert.Equal(t, hypercall.ControlVersion{
			Version: hypercall.CONTROL_VERSION, MaxDomains: machine.MaxDomains, MaxVCPUs: domain.MaxVCPUs,
		}, read[hypercall.ControlVersion](g, 0))
	}
}

// Every command but the handshake is refused to a caller of another version, and every command to one without rights.
func TestControlRefused(t *testing.T) {
	g, tenant := newGuest(t, true), newGuest(t, false)
	for _, op := range hypercall.Table[controlCall].Ops {
		cmd := uint64(op.Cmd)
		for _, version := range []uint64{0, hypercall.CONTROL_VERSION, 77} {
			assert.Equal(t, failed(hypercall.EPERM), tenant.call(controlCall, version, cmd, tenant.at(0)), op.Name)
		}
		assert.Equal(t, failed(hypercall.EFAULT), g.call(controlCall, hypercall.CONTROL_VERSION, cmd, bad), op.Name)
		if cmd != hypercall.CONTROLOP_version {
			assert.Equal(t, failed(hypercall.EACCES), g.call(controlCall, hypercall.CONTROL_VERSION+1, cmd, bad), op.Name)
		}
	}
	assert.Equal(t, failed(hypercall.ENOSYS), g.call(controlCall, hypercall.CONTROL_VERSION, 1<<31, g.at(0)))
	assert.Equal(t, failed(hypercall.EPERM), tenant.call(controlCall, hypercall.CONTROL_VERSION, 1<<31, tenant.at(0)))
}

func TestControlMachine(t *testing.T) {
	g := newGuest(t, true)
	require.Zero(t, g.call(controlCall, hypercall.CONTROL_VERSION, hypercall.CONTROLOP_machine, g.at(0)))
	before := read[hypercall.ControlMachine](g, 0)
	assert.NotZero(t, before.Free)
	assert.GreaterOrEqual(t, before.Total, before.Free)
	n := newNeighbour(t)
	require.Zero(t, g.call(controlCall, hypercall.CONTROL_VERSION, hypercall.CONTROLOP_machine, g.at(0)))
	after := read[hypercall.ControlMachine](g, 0)
	assert.Equal(t, before.Domains+1, after.Domains)
	assert.Equal(t, before.Free-uint64(n.d.Pages.Load()), after.Free, "records are from elsewhere here")
}

func TestControlList(t *testing.T) {
	g, a, b := newGuest(t, true), newNeighbour(t), newNeighbour(t)
	a.d.SetName([]byte("a"))
	a.d.Handle[15] = 7
	list := g.listed(0, 10)
	require.Len(t, list, 2)
	assert.Equal(t, []hypercall.DomID{a.d.DomID(), b.d.DomID()}, []hypercall.DomID{list[0].DomID, list[1].DomID})
	x := list[0]
	assert.Equal(t, "a", string(x.Name[:1]))
	assert.Equal(t, a.d.Handle, x.Handle)
	assert.Equal(t, a.d.Serial.Load(), x.Serial)
	assert.Less(t, x.Serial, list[1].Serial)
	assert.EqualValues(t, a.d.Pages.Load(), x.Pages)
	assert.EqualValues(t, 200, x.MaxPages)
	assert.EqualValues(t, 2, x.VCPUs)
	assert.Zero(t, x.Flags)

	assert.Len(t, g.listed(0, 1), 1)
	assert.Empty(t, g.listed(0, 0))
	assert.Equal(t, b.d.DomID(), g.listed(b.d.DomID(), 5)[0].DomID)
	assert.Empty(t, g.listed(b.d.DomID()+1, 5))
	assert.Empty(t, g.listed(hypercall.DOMID_INVALID, 5))
	assert.Empty(t, g.listed(0xffff, 5))
}

// A domain that nobody finds any more is still told of until it is gone, and only then its number is anybody's.
func TestControlListDying(t *testing.T) {
	g, a := newGuest(t, true), newNeighbour(t)
	machine.Ended.Or(1 << a.d.ID)
	defer machine.Ended.And(^(uint64(1) << a.d.ID))
	assert.EqualValues(t, hypercall.CONTROLDOM_dying, g.listed(0, 5)[0].Flags)
	machine.Withdraw(a.d)
	assert.Equal(t, []hypercall.ControlDomain{{
		DomID: a.d.DomID(), Serial: a.d.Serial.Load(), Pages: uint64(a.d.Pages.Load()),
		Flags: hypercall.CONTROLDOM_dying | hypercall.CONTROLDOM_shutdown,
	}}, g.listed(0, 5))
}
