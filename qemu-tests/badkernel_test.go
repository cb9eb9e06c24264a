//go:build boot

package qemutests

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/tools/mkbundle"
	"tuco/tools/mkkernel"
	"tuco/tools/tuco/host"
)

// What can't be a domain's kernel stops the boot with the reason. The tool refuses most of it before it boots, so the
// bundles are made without it.
func TestBadKernels(t *testing.T) {
	t.Parallel()
	plain := mkkernel.Plain().Bytes()
	changed := func(offset int, value byte) []byte {
		kernel := mkkernel.Plain().Bytes()
		kernel[offset] = value
		return kernel
	}
	without := func(change func(*mkkernel.Kernel)) []byte {
		kernel := mkkernel.Plain()
		change(kernel)
		return kernel.Bytes()
	}
	bzImage := make([]byte, 4096)
	copy(bzImage[0x202:], "HdrS")
	for _, test := range []struct {
		name    string
		kernel  []byte
		ramdisk int // bytes
		memory  host.Size
		want    string
	}{
		{"empty", nil, 0, 64 * host.MiB, `boot\.cfg line 2: kernel: the file "kernel" in the bundle is empty`},
		{"text", []byte("#!/bin/sh\n"), 0, 64 * host.MiB, "domain a: it is no ELF file"},
		{"bzImage", bzImage, 0, 64 * host.MiB, "domain a: it is no ELF file but a Linux bzImage; unpack its vmlinux"},
		{"truncated", plain[:100], 0, 64 * host.MiB, "domain a: it is truncated"},
		{"32-bit", changed(elf.EI_CLASS, byte(elf.ELFCLASS32)), 0, 64 * host.MiB, "domain a: it is a 32-bit kernel"},
		{"ARM", changed(18, byte(elf.EM_AARCH64)), 0, 64 * host.MiB, "domain a: it is not made for x86-64"},
		{"no-notes", without(func(k *mkkernel.Kernel) { k.Notes = nil }), 0, 64 * host.MiB, "domain a: no Xen notes"},
		{"PVH", without(func(k *mkkernel.Kernel) {
			k.Notes = []mkkernel.Note{{Type: hypercall.XEN_ELFNOTE_PHYS32_ENTRY, Content: uint32(16 << 20)}}
		}), 0, 64 * host.MiB, "domain a: its Xen notes are for a PVH domain only"},
		{"large-ramdisk", plain, 48 << 20, 32 * host.MiB, "domain a: memory of 32 MiB is too small: .* the ramdisk takes 48 MiB"},
		{"little-memory", plain, 0, 8 * host.MiB, "domain a: memory of 8 MiB is too small: the kernel ends at 17 MiB"},
		{"more-than-there-is", plain, 0, 4 * host.GiB, "domain a: there is not enough memory$"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := []mkbundle.File{{Name: "kernel", Data: test.kernel}}
			config := fmt.Sprintf("name a\nkernel kernel\nmemory %v\nprivileged yes\n", test.memory)
			if test.ramdisk > 0 {
				files = append(files, mkbundle.File{Name: "ramdisk", Data: make([]byte, test.ramdisk)})
				config += "ramdisk ramdisk\n"
			}
			path := filepath.Join(t.TempDir(), "bundle.cpio")
			archive := packed(t, append(files, mkbundle.File{Name: mkbundle.ConfigName, Data: []byte(config)})...)
			require.NoError(t, os.WriteFile(path, archive, 0o644))
			outcome := boot(t, host.Spec{Bundle: path, Memory: 512 * host.MiB})
			requireHalt(t, outcome, "^"+test.want)
			require.Empty(t, outcome.Console)
		})
	}
}
