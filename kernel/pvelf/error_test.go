package pvelf

import (
	"encoding/binary"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/tools/mkkernel"
)

func TestOtherFiles(t *testing.T) {
	bz := make([]byte, 0x300)
	copy(bz, "MZ")
	copy(bz[0x202:], "HdrS")
	for file, want := range map[string]string{
		"":                                   "the file is empty",
		string(bz):                           "it is no ELF file but a Linux bzImage; unpack its vmlinux: the hypervisor takes ELF only",
		"\x1f\x8b\x08":                       "it is no ELF file but compressed by gzip; unpack it: the hypervisor takes ELF only",
		"\xfd7zXZ\x00":                       "it is no ELF file but compressed by xz; unpack it: the hypervisor takes ELF only",
		"MZ":                                 "it is no ELF file but an EFI program: the hypervisor takes ELF only",
		"070701":                             "it is no ELF file but a cpio archive, perhaps the ramdisk: the hypervisor takes ELF only",
		"#!/bin/sh":                          `it is no ELF file but something that begins with "#!/bin/s": the hypervisor takes ELF only`,
		"\x7fEL":                             `it is no ELF file but something that begins with "\x7fEL": the hypervisor takes ELF only`,
		"\x7fELF\x02\x01":                    "it is truncated: it has 6 bytes, less than an ELF header",
		string(set(16, 16, 3)):               "", // ET_DYN
		string(set(4, 8, 1)):                 "it is a 32-bit kernel; PV domains are 64-bit here",
		string(set(5, 8, 2)):                 "it is not made for x86-64 but for machine 62 (e_machine)",
		string(set(18, 16, 183)):             "it is not made for x86-64 but for machine 183 (e_machine)",
		string(set(16, 16, 1)):               "it is no program but an ELF file of type 1, as objects and modules are",
		string(set(54, 16, 32)):              "it is damaged: an entry of its program header table has 32 bytes instead of 56",
		string(set(56, 16, 0xffff)):          "it is truncated: its program header table of 3669960 bytes at offset 64 reaches beyond its end",
		string(set(32, 64, 1<<64-1)):         "it is truncated: its program header table of 168 bytes at offset 18446744073709551615 reaches beyond its end",
		string(set(56, 16, 0)):               "no Xen notes: the kernel is not built with PV support (CONFIG_XEN_PV)",
		string(set(56, 16, 2)):               "no Xen notes: the kernel is not built with PV support (CONFIG_XEN_PV)",
		string(set(64, 32, 2)):               "its address of ENTRY is 0x0, but the kernel is from 0x1f1 to 0x1f8", // the first is of another type
		string(setAll(8, 64, 1<<63)):         "it is truncated: segment 0, with 4 bytes at offset 9223372036854775808, reaches beyond its end",
		string(setAll(32, 64, 1<<63)):        "it is truncated: segment 0, with 9223372036854775808 bytes at offset 232, reaches beyond its end",
		string(setAll(32, 64, 5)):            "", // more of the file
		string(setAll(40, 64, 3)):            "it is damaged: segment 0 has 4 bytes in the file but only 3 in memory",
		string(setAll(40, 64, 0)):            "it has no segment to be loaded",
		string(setAll(24, 64, 1<<44)):        "segment 0, at pseudo-physical address 0x100000000000 with 497 bytes, is beyond the largest domain",
		string(setAll(40, 64, 1<<63)):        "segment 0, at pseudo-physical address 0x0 with 9223372036854775808 bytes, is beyond the largest domain",
		string(setAll(24, 64, 0x1)):          "segment 1 overlaps another one at pseudo-physical address 0x1",
		string(set(64+2*56+8, 64, 1)):        "it is damaged: the ELF note at offset 1 reaches beyond its end",
		string(set(64+2*56+32, 64, 0)):       "no Xen notes: the kernel is not built with PV support (CONFIG_XEN_PV)",
		string(set(64+3*56+11, 32, 1<<32-1)): "it is damaged: the ELF note at offset 243 reaches beyond its end",
		string(set(64+3*56+15, 32, 1<<32-1)): "it is damaged: the ELF note at offset 243 reaches beyond its end",
	} {
		assert.Equal(t, want, parseText(new(Image), []byte(file)), "%.80q", file)
	}
}

// set is GRUB's file with another number at some offset.
func set(at, bits int, v uint64) []byte { return put(grubLike().Bytes(), at, bits, v) }

// setAll changes a field of both segments to be loaded.
func setAll(field, bits int, v uint64) []byte {
	return put(set(64+field, bits, v), 64+56+field, bits, v)
}

func put(b []byte, at, bits int, v uint64) []byte {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], v)
	copy(b[at:], n[:bits/8])
	return b
}

func TestBadNotes(t *testing.T) {
	for want, n := range map[string]mkkernel.Note{
		"the Xen note ENTRY has 2 bytes, but a number has 4 or 8":                                                                                  note(hypercall.XEN_ELFNOTE_ENTRY, uint16(1)),
		"its Xen notes are for a PVH domain only: the kernel is not built with PV support (CONFIG_XEN_PV)":                                         note(hypercall.XEN_ELFNOTE_PHYS32_ENTRY, uint32(1)),
		`it is not built for version xen-3.0 of the ABI; its Xen note XEN_VERSION says "xen-2.0"`:                                                  note(hypercall.XEN_ELFNOTE_XEN_VERSION, "xen-2.0\x00"),
		`it needs a loader of its own, not the generic one; its Xen note LOADER says "\x1b"`:                                                       note(hypercall.XEN_ELFNOTE_LOADER, "\x1b\x00x"),
		`it requires a feature that a PV domain does not have here: "supervisor_mode_kernel"`:                                                      note(hypercall.XEN_ELFNOTE_FEATURES, "|dom0|!supervisor_mode_kernel"),
		`it requires a feature that a PV domain does not have here: "levitation"`:                                                                  note(hypercall.XEN_ELFNOTE_FEATURES, "levitation|!levitation|"),
		"its Xen notes have a PADDR_OFFSET but no VIRT_BASE":                                                                                       note(hypercall.XEN_ELFNOTE_PADDR_OFFSET, uint32(0)),
		"it leaves the hypervisor no addresses below 0xffff800000000001 (Xen note HV_START_LOW), but the hypervisor's begin at 0xffff800000000000": note(hypercall.XEN_ELFNOTE_HV_START_LOW, uint64(hypercall.HYPERVISOR_VIRT_START+1)),
		"the address in its Xen note VIRT_BASE is 0xfff, not the start of a page":                                                                  note(hypercall.XEN_ELFNOTE_VIRT_BASE, uint32(0xfff)),
		"the address in its Xen note INIT_P2M is 0x8, not the start of a page":                                                                     note(hypercall.XEN_ELFNOTE_INIT_P2M, uint32(8)),
		"the address in its Xen note HYPERCALL_PAGE is 0x8, not the start of a page":                                                               note(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, uint32(8)),
		"its address of HYPERCALL_PAGE is 0x1000, but the kernel is from 0x0 to 0x1f8":                                                             note(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, uint32(0x1000)),
		"its address of ENTRY is 0x1f8, but the kernel is from 0x0 to 0x1f8":                                                                       note(hypercall.XEN_ELFNOTE_ENTRY, uint32(0x1f8)),
		"its address of ENTRY is 0x0, but the kernel is from 0x1000 to 0x11f8":                                                                     note(hypercall.XEN_ELFNOTE_VIRT_BASE, uint32(0x1000)),
		"": note(hypercall.XEN_ELFNOTE_FEATURES, "!dom0"),
	} {
		k := grubLike()
		k.Notes = append(k.Notes, n)
		assert.Equal(t, want, parseText(new(Image), k.Bytes()))
	}
	k := grubLike()
	k.Notes = append(k.Notes, note(hypercall.XEN_ELFNOTE_VIRT_BASE, uint64(0xffff_ffff_ffff_f000)))
	k.Segments[0].Size, k.Segments = 0x1000, k.Segments[:1]
	assert.Equal(t, "it is at VIRT_BASE 0xfffffffffffff000 and has 4096 bytes from there, beyond the end of the address space", parseText(new(Image), k.Bytes()))
	k = linuxLike()
	k.Notes = append(k.Notes, note(hypercall.XEN_ELFNOTE_PADDR_OFFSET, uint32(0x100_0001)))
	assert.Equal(t, "segment 0 has the physical address 0x1000000, which is below the PADDR_OFFSET 0x1000001 of its Xen notes", parseText(new(Image), k.Bytes()))
}

func TestTooMany(t *testing.T) {
	k := grubLike()
	for n := range uint64(MaxSegments + 1) {
		k.Segments = append(k.Segments, mkkernel.Segment{PAddr: 0x1000 * (n + 1), Data: []byte{1}})
	}
	assert.Equal(t, "it has more than 32 segments to be loaded", parseText(new(Image), k.Bytes()))
	k = grubLike()
	for range maxNotes {
		k.Notes = append(k.Notes, mkkernel.Note{Name: "GNU", Content: ""})
	}
	assert.Equal(t, "it has more than 1024 ELF notes", parseText(new(Image), k.Bytes()))
}

// TestTruncated cuts a kernel at every byte: up to the end of its notes, each is refused.
func TestTruncated(t *testing.T) {
	whole := linuxLike().Bytes()
	end := len(whole) - 64 // without the section header
	for n := range end {
		got := parseText(new(Image), whole[:n])
		switch {
		case n == 0:
			require.Contains(t, got, "empty")
		case n >= 4:
			require.Regexp(t, "truncated|beyond its end", got, "cut at %d", n)
		}
	}
	require.Empty(t, parseText(new(Image), whole[:end]))
}

// TestMessages: each code has its own.
func TestMessages(t *testing.T) {
	seen := map[string]bool{}
	for c := Empty; c < numCodes; c++ {
		require.NotEmpty(t, messages[c].before, c)
		require.False(t, seen[messages[c].before+messages[c].after], c)
		seen[messages[c].before+messages[c].after] = true
	}
}

// TestFeatureNames holds the names to those of the ABI's constants.
func TestFeatureNames(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../hypercall/features.go", nil, 0)
	require.NoError(t, err)
	n := 0
	ast.Inspect(f, func(x ast.Node) bool {
		if s, ok := x.(*ast.ValueSpec); ok && strings.HasPrefix(s.Names[0].Name, "XENFEAT_") && s.Names[0].Name != "XENFEAT_NR_SUBMAPS" {
			bit, err := strconv.Atoi(s.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			name := strings.TrimPrefix(s.Names[0].Name, "XENFEAT_")
			require.Equal(t, Features(1)<<bit, findFeature([]byte(name)), name)
			n++
		}
		return true
	})
	assert.Greater(t, n, 10)
	assert.Zero(t, findFeature(nil))
}
