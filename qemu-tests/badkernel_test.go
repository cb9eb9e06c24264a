//go:build boot

package qemutests

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/tools/mkbundle"
	"tuco/tools/mkkernel"
	"tuco/tools/tuco/host"
)

// A domain that can't be built stops the boot, with the reason, whatever else is in the bundle. The tool refuses most of
// it before it boots, so the bundles are made without it.
func TestBadKernels(t *testing.T) {
	t.Parallel()
	good := mkkernel.Plain().Bytes()
	without := func(kind uint32) []byte {
		k := mkkernel.Plain()
		for i, n := range k.Notes {
			if n.Type == kind {
				k.Notes = append(k.Notes[:i:i], k.Notes[i+1:]...)
				break
			}
		}
		return k.Bytes()
	}
	with := func(kind uint32, content any) []byte {
		k := mkkernel.Plain()
		k.Notes = append([]mkkernel.Note{{Type: kind, Content: content}}, k.Notes...)
		return k.Bytes()
	}
	changed := func(at int, to byte) []byte {
		data := bytes.Clone(good)
		data[at] = to
		return data
	}
	const class, machine = 4, 18 // where an ELF header says these
	noNotes := mkkernel.Plain()
	noNotes.Notes = nil
	far := mkkernel.Plain()
	far.Segments = append(far.Segments, mkkernel.Segment{PAddr: 1 << 60, Data: []byte("x")})
	bzImage := append(make([]byte, 0x202), "HdrS and the rest"...)
	for _, test := range []struct {
		name   string
		kernel []byte
		keys   string // of the domain
		want   string // why it can't be built
	}{
		{"empty", nil, "", `kernel: the file "bad" in the bundle is empty`},
		{"something", []byte("#!/bin/sh\n"), "", `it is no ELF file but something that begins with "#!/bin/s": the hypervisor takes ELF only`},
		{"bzImage", bzImage, "", `it is no ELF file but a Linux bzImage; unpack its vmlinux: the hypervisor takes ELF only`},
		{"xz", []byte("\xfd7zXZ\x00"), "", `it is no ELF file but compressed by xz; unpack it: the hypervisor takes ELF only`},
		{"zstd", []byte("\x28\xb5\x2f\xfd"), "", `it is no ELF file but compressed by zstd; unpack it: the hypervisor takes ELF only`},
		{"ramdisk", []byte("070701"), "", `it is no ELF file but a cpio archive, perhaps the ramdisk: the hypervisor takes ELF only`},
		{"truncated", good[:len(good)/2], "", `it is truncated: .*`},
		{"32-bit", changed(class, 1), "", `it is a 32-bit kernel; PV domains are 64-bit here`},
		{"arm", changed(machine, 183), "", `it is not made for x86-64 but for machine 183 \(e_machine\)`},
		{"no-notes", noNotes.Bytes(), "", `no Xen notes: the kernel is not built with PV support \(CONFIG_XEN_PV\)`},
		{"pvh", pvhOnly().Bytes(), "", `its Xen notes are for a PVH domain only: the kernel is not built with PV support \(CONFIG_XEN_PV\)`},
		{"version", without(hypercall.XEN_ELFNOTE_XEN_VERSION), "", `it is not built for version xen-3\.0 of the ABI; its Xen note XEN_VERSION says ""`},
		{"feature", with(hypercall.XEN_ELFNOTE_FEATURES, "!auto_translated_physmap"), "",
			`it requires a feature that a PV domain does not have here: "auto_translated_physmap"`},
		{"segment-far", far.Bytes(), "", `segment 1, at pseudo-physical address 0x1000000000000000 with 1 bytes, is beyond the largest domain`},
		{"not-domain-0", with(hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES, uint32(0)), "privileged yes", `the kernel can't be domain 0: its Xen note SUPPORTED_FEATURES leaves out dom0`},
		{"small", good, "memory 16", `memory of 16 MiB is too small: the kernel ends at 17 MiB; with page tables and all it needs at least \d+ MiB`},
		{"ramdisk-large", good, "memory 20\nramdisk r", `memory of 20 MiB is too small: the kernel ends at 17 MiB, the ramdisk takes 9 MiB; with page tables and all it needs at least \d+ MiB`},
		{"large", good, "memory 2G", `memory of 2 GiB is more than the machine has left: \d+ KiB`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.keys == "" || test.keys == "privileged yes" {
				test.keys += "\nmemory 64"
			}
			archive := packed(t,
				mkbundle.File{Name: mkbundle.ConfigName, Data: []byte("name good\nkernel good\nmemory 64\n\nname bad\nkernel bad\n" + test.keys + "\n")},
				mkbundle.File{Name: "good", Data: good},
				mkbundle.File{Name: "bad", Data: test.kernel},
				mkbundle.File{Name: "r", Data: make([]byte, 9<<20)})
			path := filepath.Join(t.TempDir(), "bundle.cpio")
			require.NoError(t, os.WriteFile(path, archive, 0o644))
			outcome := boot(t, host.Spec{Memory: 512 * host.MiB, Bundle: path})
			requireHalt(t, outcome, `^(domain bad: |boot\.cfg line 6: )`+test.want+`$`)
			require.Empty(t, outcome.Console)
		})
	}
}

// pvhOnly is a kernel that can be started as a PVH domain alone.
func pvhOnly() *mkkernel.Kernel {
	k := mkkernel.Plain()
	k.Notes = []mkkernel.Note{{Type: hypercall.XEN_ELFNOTE_PHYS32_ENTRY, Content: uint32(16 << 20)}}
	return k
}
