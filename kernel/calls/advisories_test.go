package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
)

// XSA-29, XSA-212: no entry of either list of an exchange is read or written but
// through the guest's own page tables, wherever the list begins and whatever the
// number that are done says.
func TestXSA212ExchangeLists(t *testing.T) {
	const hole, hypervisor = 0x0000_8000_0000_0000, hypercall.HYPERVISOR_VIRT_START
	type list = hypercall.Handle[hypercall.XenPFN]
	for _, at := range []uint64{hole - 8, hole, hypervisor - 8, hypervisor, hypervisor + 4096, hypercall.HYPERVISOR_VIRT_END - 8, ^uint64(0) - 7} {
		for _, done := range []uint64{0, 1, 2} {
			g := newGuest(t, true)
			frames, first := g.spare(4), list(at-8*done) // so that the next entry is there
			x := hypercall.XenMemoryExchange{NrExchanged: done, In: side{ExtentStart: first}}
			assert.Equal(t, failed(hypercall.EFAULT), g.exchange(x, frames, frames), "in at %x, %d done", first, done)
			x = hypercall.XenMemoryExchange{NrExchanged: done, Out: side{ExtentStart: first}}
			assert.Equal(t, failed(hypercall.EFAULT), g.exchange(x, frames, frames), "out at %x, %d done", first, done)
			for _, m := range frames {
				assert.True(t, g.owns(frame.MFN(m)), "nothing was done")
			}
		}
	}
	// A list that begins in the guest's memory and goes on beyond it.
	g := newGuest(t, true)
	frames := g.spare(4)
	last := uint64(8*frame.PageSize - 16)
	x := hypercall.XenMemoryExchange{In: side{NrExtents: 4}, Out: side{ExtentStart: list(g.write(last, uint64(1), uint64(2))), NrExtents: 4}}
	assert.Equal(t, failed(hypercall.EFAULT), g.exchange(x, frames, nil))
	assert.EqualValues(t, 2, read[uint64](g, exchangedOffset))
	// A number of entries that are done which leads far away.
	x = hypercall.XenMemoryExchange{NrExchanged: 1 << 44}
	x.In.NrExtents, x.Out.NrExtents = 1<<45, 1<<45
	assert.Equal(t, failed(hypercall.EFAULT), g.exchange(x, nil, nil))
}

// XSA-213: what comes after an iret in a multicall is not done, for the vCPU may be
// in user mode.
func TestXSA213MulticallEndsWithIret(t *testing.T) {
	for _, user := range []bool{true, false} {
		g := newGuest(t, false)
		with(t, hypercall.HYPERVISOR_iret, func(v *domain.VCPU, _ *hypercall.Args) int64 {
			v.PV.Stub.Kernel = !user
			return 0x1234
		})
		version := entry{Op: hypercall.HYPERVISOR_xen_version}
		r, results := g.multicall(version, entry{Op: hypercall.HYPERVISOR_iret}, version, version)
		assert.EqualValues(t, 0x1234, r, "RAX is the frame's")
		assert.Equal(t, []int64{4<<16 | 17, 0x1234, unused, unused}, results)
		assert.EqualValues(t, 1, g.v.Calls[hypercall.HYPERVISOR_xen_version])
	}
}

// XSA-231, XSA-296: numbers that a guest chooses are no index before they are
// checked, and none of them is a bug of ours.
func TestXSA296NumbersAreChecked(t *testing.T) {
	odd := []uint64{0, 1, 2, 31, 62, 63, 64, 255, 256, 1 << 15, 1<<16 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 44, 1 << 52, 1 << 63, ^uint64(0)}
	g := newGuest(t, true)
	frames := g.spare(1)
	for _, n := range onHost {
		for _, cmd := range odd {
			for _, arg := range odd {
				s := g.write(0, cmd, arg, arg, cmd, arg, arg, cmd, arg)
				g.call(n, cmd, s, arg, arg)
				if n != vaCall && n != vaOtherCall { // which would unmap the page itself
					g.call(n, s, cmd&7, 0, arg)
				}
				g.call(n, arg, cmd, s, arg)
			}
		}
	}
	assert.True(t, g.owns(frame.MFN(frames[0])) || machine.M2P[frames[0]] == machine.NotMapped)
}

// onHost are calls that need no container and no device.
var onHost = []hypercall.Number{
	hypercall.HYPERVISOR_set_trap_table, mmuUpdateCall, hypercall.HYPERVISOR_update_descriptor, memoryCall, vaCall, vaOtherCall,
	mmuextCall, hypercall.HYPERVISOR_xen_version, hypercall.HYPERVISOR_callback_op, hypercall.HYPERVISOR_event_channel_op,
}
