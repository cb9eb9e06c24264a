package pvelf

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/text"
	"tuco/tools/mkkernel"
)

const virtBase = 0xffff_ffff_8000_0000

// offered is what the tests' domains have.
const offered = Features(1<<hypercall.XENFEAT_mmu_pt_update_preserve_ad | 1<<hypercall.XENFEAT_dom0)

func note(typ uint32, content any) mkkernel.Note { return mkkernel.Note{Type: typ, Content: content} }

// linuxLike has the segments and notes of Debian's Linux 6.1, in small.
func linuxLike() *mkkernel.Kernel {
	return &mkkernel.Kernel{
		Entry: 0x100_0000, // physical: not to be used
		Segments: []mkkernel.Segment{
			{VAddr: virtBase + 0x100_0000, PAddr: 0x100_0000, Data: []byte("text")},
			{VAddr: 0, PAddr: 0x100_3000, Data: []byte("per-CPU")},
			{VAddr: virtBase + 0x100_1000, PAddr: 0x100_1000, Data: []byte("data"), Size: 0x1800},
		},
		Notes: []mkkernel.Note{
			note(hypercall.XEN_ELFNOTE_GUEST_OS, "linux\x00"),
			note(hypercall.XEN_ELFNOTE_GUEST_VERSION, "2.6\x00"),
			note(hypercall.XEN_ELFNOTE_XEN_VERSION, "xen-3.0\x00"),
			note(hypercall.XEN_ELFNOTE_VIRT_BASE, uint64(virtBase)),
			note(hypercall.XEN_ELFNOTE_INIT_P2M, uint64(0x80_0000_0000)),
			note(hypercall.XEN_ELFNOTE_ENTRY, uint64(virtBase+0x100_1004)),
			note(hypercall.XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"),
			note(hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES, uint32(0x8801)),
			note(hypercall.XEN_ELFNOTE_PAE_MODE, "yes\x00"),
			note(hypercall.XEN_ELFNOTE_LOADER, "generic\x00"),
			note(hypercall.XEN_ELFNOTE_L1_MFN_VALID, []uint64{1, 1}),
			note(hypercall.XEN_ELFNOTE_SUSPEND_CANCEL, uint32(1)),
			note(hypercall.XEN_ELFNOTE_MOD_START_PFN, uint32(1)),
			note(hypercall.XEN_ELFNOTE_HV_START_LOW, uint64(hypercall.HYPERVISOR_VIRT_START)),
			note(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, uint64(virtBase+0x100_2000)),
			note(hypercall.XEN_ELFNOTE_MAX+1, "of a later Xen"),
			{Name: "GNU", Type: 3, Content: "build id, of 21 bytes"},
			{Name: "Linux", Type: hypercall.XEN_ELFNOTE_ENTRY, Content: uint32(7)},
			note(hypercall.XEN_ELFNOTE_PHYS32_ENTRY, uint64(0x100_0850)),
		},
	}
}

// grubLike has the notes of PV GRUB: no more than must be.
func grubLike() *mkkernel.Kernel {
	return &mkkernel.Kernel{
		Segments: []mkkernel.Segment{{Data: []byte("grub"), Size: 0x1f1}, {PAddr: 0x1f1, VAddr: 0x1f1, Data: []byte("modules")}},
		Notes: []mkkernel.Note{
			note(hypercall.XEN_ELFNOTE_LOADER, "generic\x00"),
			note(hypercall.XEN_ELFNOTE_XEN_VERSION, "xen-3.0\x00"),
		},
	}
}

func parseText(i *Image, file []byte) string {
	err := Parse(i, file, offered)
	if err.OK() {
		return ""
	}
	var l text.Line
	return string(err.Text(&l))
}

func TestLinux(t *testing.T) {
	i := new(Image)
	require.Empty(t, parseText(i, linuxLike().Bytes()))
	assert.Equal(t, []Segment{
		{0x100_0000, 4, 288, 4, []byte("text")},
		{0x100_3000, 7, 292, 7, []byte("per-CPU")},
		{0x100_1000, 0x1800, 299, 4, []byte("data")},
	}, i.Segments())
	assert.EqualValues(t, uint64(virtBase), i.VirtBase)
	assert.EqualValues(t, uint64(virtBase+0x100_1004), i.Entry)
	assert.EqualValues(t, 0x100_0000, i.Start)
	assert.EqualValues(t, 0x100_3007, i.End)
	assert.Equal(t, Features(0x8801|1<<hypercall.XENFEAT_pae_pgdir_above_4gb), i.Supported)
	assert.Equal(t, Features(1<<hypercall.XENFEAT_writable_page_tables), i.Required)
	assert.True(t, i.Supported.Has(hypercall.XENFEAT_dom0))
	assert.True(t, i.HasFeatureMask())
	assert.True(t, i.ModStartPFN())
	assert.True(t, i.SuspendCancel())
	assert.Equal(t, "linux", string(i.GuestOS()))
	assert.Equal(t, "2.6", string(i.GuestVersion()))
	address := func(v frame.VAddr, ok bool) any { assert.True(t, ok); return uint64(v) }
	assert.EqualValues(t, uint64(virtBase+0x100_2000), address(i.HypercallPage()))
	assert.EqualValues(t, uint64(0x80_0000_0000), address(i.InitP2M()))
	phys, ok := i.Phys32Entry()
	assert.True(t, ok)
	assert.EqualValues(t, 0x100_0850, phys)
	mask, value, ok := i.L1MFNValid(0)
	assert.Equal(t, []any{uint64(1), uint64(1), true}, []any{mask, value, ok})
	_, _, ok = i.L1MFNValid(1)
	assert.False(t, ok)
}

func TestGRUB(t *testing.T) {
	i := new(Image)
	require.Empty(t, parseText(i, linuxLike().Bytes())) // of which nothing may be left
	require.Empty(t, parseText(i, grubLike().Bytes()))
	assert.Len(t, i.Segments(), 2)
	assert.Zero(t, i.VirtBase)
	assert.Zero(t, i.Entry)
	assert.Zero(t, i.Start)
	assert.EqualValues(t, 0x1f8, i.End)
	_, ok := i.HypercallPage()
	assert.False(t, ok)
	_, ok = i.InitP2M()
	assert.False(t, ok)
	_, ok = i.Phys32Entry()
	assert.False(t, ok)
	assert.False(t, i.ModStartPFN() || i.SuspendCancel() || i.HasFeatureMask())
	assert.Empty(t, i.GuestOS())
}

// TestNoteSections: notes may be in a section alone, and where both have
// some the segment's count.
func TestNoteSections(t *testing.T) {
	k := grubLike()
	k.NoteSection = true
	i := new(Image)
	require.Empty(t, parseText(i, k.Bytes()))
	k.NoteSection = false
	file := k.Bytes()
	require.Empty(t, parseText(i, file[:len(file)-64]), "a section table that is cut does not matter")
	file[60] = 1 // nor one that is empty
	require.Empty(t, parseText(i, file))
}

// TestAddresses: what is loaded where is said by the physical addresses and
// two notes, and by e_entry if there is no other.
func TestAddresses(t *testing.T) {
	k := linuxLike()
	k.Notes = slices.DeleteFunc(k.Notes, func(n mkkernel.Note) bool {
		return n.Type == hypercall.XEN_ELFNOTE_ENTRY || n.Type == hypercall.XEN_ELFNOTE_PHYS32_ENTRY || n.Type == hypercall.XEN_ELFNOTE_HYPERCALL_PAGE
	})
	k.Notes = append(k.Notes, note(hypercall.XEN_ELFNOTE_PADDR_OFFSET, uint32(0xff_0000)), note(hypercall.XEN_ELFNOTE_VIRT_BASE, uint32(0x40_0000)))
	k.Entry = 0x41_0000
	i := new(Image)
	require.Empty(t, parseText(i, k.Bytes()))
	assert.EqualValues(t, 0x40_0000, i.VirtBase)
	assert.EqualValues(t, 0x1_0000, i.Start)
	assert.EqualValues(t, 0x1_3007, i.End)
	assert.EqualValues(t, 0x1_1000, i.Segments()[2].Addr)
	assert.EqualValues(t, 0x41_0000, i.Entry)
}
