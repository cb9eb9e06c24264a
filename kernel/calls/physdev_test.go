package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/lines"
	"tuco/kernel/pagetype"
)

const physdevCall = hypercall.HYPERVISOR_physdev_op

// physdev makes a physdev_op with an argument.
func (g *guest) physdev(cmd uint64, arg any) int64 {
	return g.call(physdevCall, cmd, g.write(0, arg))
}

// Each command with an argument that a domain 0 could give; without controllers there are no lines.
var physdevCommands = []struct {
	cmd        uint64
	arg        any
	privileged bool            // it is for privileged domains
	ordinary   hypercall.Errno // what the others get, where it is not
	domain0    hypercall.Errno
}{
	{hypercall.PHYSDEVOP_set_iopl, hypercall.PhysdevSetIOPL{IOPL: 4}, false, hypercall.EINVAL, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_set_iobitmap, hypercall.PhysdevSetIobitmap{NrPorts: 1<<16 + 1}, false, hypercall.EINVAL, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_irq_status_query, hypercall.PhysdevIRQStatusQuery{IRQ: 300}, false, hypercall.EINVAL, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_eoi, hypercall.PhysdevEOI{IRQ: 9}, false, hypercall.EINVAL, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{DomID: hypercall.DOMID_SELF, Type: 1, Index: 9, PIRQ: 9}, false, hypercall.EPERM, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{DomID: hypercall.DOMID_SELF, Type: 0}, false, hypercall.EPERM, hypercall.ENODEV},
	{hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{DomID: hypercall.DOMID_SELF, Type: 3}, false, hypercall.EPERM, hypercall.ENODEV},
	{hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{DomID: hypercall.DOMID_SELF, Type: 4}, false, hypercall.EPERM, hypercall.ENODEV},
	{hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{DomID: hypercall.DOMID_SELF, Type: 2}, false, hypercall.EPERM, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{DomID: 0x3456, Type: 1}, false, hypercall.ESRCH, hypercall.ESRCH},
	{hypercall.PHYSDEVOP_unmap_pirq, hypercall.PhysdevUnmapPIRQ{DomID: hypercall.DOMID_SELF, PIRQ: 9}, false, hypercall.EPERM, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_unmap_pirq, hypercall.PhysdevUnmapPIRQ{DomID: 0x3456}, false, hypercall.ESRCH, hypercall.ESRCH},
	{hypercall.PHYSDEVOP_get_free_pirq, hypercall.PhysdevGetFreePIRQ{}, false, hypercall.ENOSPC, 0},
	{hypercall.PHYSDEVOP_alloc_irq_vector, hypercall.PhysdevIRQ{IRQ: 9}, true, 0, 0},
	{hypercall.PHYSDEVOP_setup_gsi, hypercall.PhysdevSetupGSI{GSI: 9}, true, 0, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_apic_read, hypercall.PhysdevAPIC{ApicPhysbase: 0xfec0_0000}, true, 0, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_apic_write, hypercall.PhysdevAPIC{ApicPhysbase: 0xfec0_0000}, true, 0, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_pci_device_add, hypercall.PhysdevPCIDeviceAdd{Bus: 1}, true, 0, 0},
	{hypercall.PHYSDEVOP_pci_device_remove, hypercall.PhysdevPCIDevice{Bus: 1}, true, 0, 0},
	{hypercall.PHYSDEVOP_pci_device_remove, hypercall.PhysdevPCIDevice{Bus: 1}, true, 0, hypercall.ENODEV},
	{hypercall.PHYSDEVOP_manage_pci_add, hypercall.PhysdevManagePCI{Bus: 2}, true, 0, 0},
	{hypercall.PHYSDEVOP_manage_pci_add_ext, hypercall.PhysdevManagePCIExt{Bus: 2, IsVirtfn: 1}, true, 0, 0},
	{hypercall.PHYSDEVOP_manage_pci_add_ext, hypercall.PhysdevManagePCIExt{Bus: 2, IsVirtfn: 2}, true, 0, hypercall.EINVAL},
	{hypercall.PHYSDEVOP_manage_pci_remove, hypercall.PhysdevManagePCI{Bus: 2}, true, 0, 0},
	{hypercall.PHYSDEVOP_manage_pci_remove, hypercall.PhysdevManagePCI{Bus: 2}, true, 0, hypercall.ENODEV},
}

func TestPhysdev(t *testing.T) {
	ordinary, domain0 := newGuest(t, false), newGuest(t, true)
	lines.Give(domain0.d)
	for _, c := range physdevCommands {
		want := c.ordinary
		if c.privileged {
			want = hypercall.EPERM
		}
		assert.Equal(t, failed(want), ordinary.physdev(c.cmd, c.arg), "command %d, %+v", c.cmd, c.arg)
		assert.Equal(t, failed(c.domain0), domain0.physdev(c.cmd, c.arg), "command %d, %+v, of domain 0", c.cmd, c.arg)
		assert.Equal(t, failed(hypercall.EFAULT), domain0.call(physdevCall, c.cmd, 4096), "command %d", c.cmd)
	}
	other := hypercall.PhysdevMapPIRQ{DomID: ordinary.d.DomID(), Type: 1, Index: 9, PIRQ: 9}
	assert.Equal(t, failed(hypercall.ESRCH), domain0.physdev(hypercall.PHYSDEVOP_map_pirq, other), "nobody finds it yet")
}

// All commands of the table are here, or are said to be absent.
func TestPhysdevCommands(t *testing.T) {
	g := newGuest(t, true)
	lines.Give(g.d)
	tested := map[uint64]bool{}
	for _, c := range physdevCommands {
		tested[c.cmd] = true
	}
	for _, op := range hypercall.Lookup(physdevCall).Ops {
		absent := g.call(physdevCall, uint64(op.Cmd), 4096) == failed(hypercall.ENOSYS)
		assert.Equal(t, op.State == hypercall.Absent, absent, op.Name)
		assert.Equal(t, !absent, tested[uint64(op.Cmd)], op.Name)
	}
}

// An answer that can't be written.
func TestPhysdevAnswers(t *testing.T) {
	g := newGuest(t, true)
	lines.Give(g.d)
	page := uint64(2 * frame.PageSize)
	for cmd, arg := range map[uint64]any{
		hypercall.PHYSDEVOP_irq_status_query: hypercall.PhysdevIRQStatusQuery{IRQ: 9},
		hypercall.PHYSDEVOP_alloc_irq_vector: hypercall.PhysdevIRQ{IRQ: 9},
		hypercall.PHYSDEVOP_get_free_pirq:    hypercall.PhysdevGetFreePIRQ{},
	} {
		g.write(page, arg)
		require.Zero(t, g.update(g.l1, 2, pagetype.MakePTE(g.pages[2], leaf)))
		assert.Equal(t, failed(hypercall.EFAULT), g.call(physdevCall, cmd, g.at(page)), "command %d", cmd)
		require.Zero(t, g.update(g.l1, 2, pagetype.MakePTE(g.pages[2], table)))
		assert.Zero(t, g.call(physdevCall, cmd, g.at(page)), "command %d, where it can", cmd)
	}
}
