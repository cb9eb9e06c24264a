//go:build boot && xen

package qemutests

import (
	"debug/elf"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/debian"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/linux"
)

// xenPackages have Xen's toolstack and its daemons, the libraries that they need, and a shell.
var xenPackages = []string{
	"xen-utils-4.17", "xenstore-utils", "libxenmisc4.17", "libxenstore4", "libxentoollog1", "libxencall1", "libxenevtchn1",
	"libxenforeignmemory1", "libxengnttab1", "libxentoolcore1", "libxendevicemodel1", "libxenhypfs1", "libyajl2", "libuuid1", "zlib1g",
	"liblzma5", "libzstd1", "libc6", "libgcc-s1", "busybox-static",
}

// xenPrograms are the programs of theirs that are wanted, by their paths.
var xenPrograms = []string{
	"usr/lib/xen-4.17/bin/xl", "usr/lib/xen-4.17/bin/xenstored", "usr/lib/xen-4.17/bin/xenconsoled", "usr/lib/xen-4.17/bin/xen-init-dom0",
	"usr/lib/xen-4.17/bin/libxl-save-helper", "usr/bin/xenstore", "bin/busybox",
}

// xenTools fetches them, and returns files for an initramfs by their paths there: libraries by the names that programs ask for.
func xenTools(t *testing.T) map[string]string {
	cache := debian.Cache{Dir: filepath.Join(cacheDir, "debian"), Says: func(text string) { t.Log(text) }}
	files := map[string]string{}
	for _, name := range xenPackages {
		root, err := cache.Files(t.Context(), name, "", wantedOfXen)
		require.NoError(t, err)
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			to, err := filepath.Rel(root, path)
			switch {
			case err != nil:
				return err
			case strings.Contains(to, "/ld-linux"):
				to = "lib64/ld-linux-x86-64.so.2"
			case to == "usr/bin/xenstore":
				to = "xen/xenstore"
			case strings.Contains(to, ".so"):
				to = "xen/" + soname(t, path)
			}
			files[to] = path
			return os.Chmod(path, 0o755) // the cache keeps no permissions
		}))
	}
	files["xen/tools"] = "testdata/xentools.sh"
	return files
}

// toolstacked is Debian's Xen with its own toolstack in a domain 0 that has these files and runs a script.
func toolstacked(t *testing.T, script string, files map[string]string) host.Spec {
	t.Helper()
	add := xenTools(t)
	maps.Copy(add, files)
	add["bin/uinit"] = script
	image, err := linux.Make(t.Context(), linux.Options{Flavour: "amd64", Dir: t.TempDir(), Source: "..", Cache: cacheDir, Add: add})
	require.NoError(t, err)
	spec := xenHost(t)
	spec.Memory = host.GiB
	// With AVX, programs of domain 0 crash now and then while another domain runs (two of 150 calls of xl): the vector registers
	// do not survive Xen's switches on this emulator.
	spec.CPUModel = "EPYC,-smap,-monitor,-rdtscp,-avx,-avx2,-xsave,check=off"
	spec.Dom0 = &host.Domain0{Kernel: image.Kernel, Ramdisk: image.Initramfs, Args: linux.Domain0Args}
	return spec
}

// wantedOfXen tells which files of the packages are needed.
func wantedOfXen(path string) bool {
	for _, program := range xenPrograms {
		if path == program {
			return true
		}
	}
	return strings.Contains(path, "lib/x86_64-linux-gnu/lib") && strings.Contains(path, ".so") || strings.Contains(path, "/ld-linux-x86-64.so")
}

// backend is a module of the kernel with a back end: xen-blkback or xen-netback.
func backend(t *testing.T, name string) string {
	_, err := linuxImage()
	require.NoError(t, err)
	found, err := filepath.Glob(filepath.Join(cacheDir, "debian/linux-image-amd64/lib/modules/*/kernel/drivers/*", name, name+".ko"))
	require.NoError(t, err)
	require.Len(t, found, 1, "the kernel's package has no %s", name)
	return found[0]
}

// soname is the name by which programs ask for a library.
func soname(t *testing.T, path string) string {
	t.Helper()
	library, err := elf.Open(path)
	require.NoError(t, err, path)
	defer library.Close()
	names, err := library.DynString(elf.DT_SONAME)
	require.NoError(t, err, path)
	if len(names) == 0 {
		return filepath.Base(path)
	}
	return names[0]
}

// Go programs are domains of Xen's own toolstack, with Linux as domain 0. One fetches a page by Linux' back end of network interfaces;
// another talks to the store's and the console's daemon, gives memory back, is saved, restored, and ended.
func TestOnXenToolstack(t *testing.T) {
	t.Parallel()
	spec := toolstacked(t, "testdata/toolstack.sh", map[string]string{
		"tenant.elf": filepath.Join(programDir, "tenant.elf"), "devices.elf": devicesGuest, "xen-netback.ko": backend(t, "xen-netback"),
	})
	outcome := boot(t, spec, within(linuxPatience))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	for _, says := range []string{
		"devices: http://10.0.0.1/page: 200 OK, 21 bytes", "devices: ok",
		"tenant: tenant, domain 2: the store is as it should be", "toolstack: created: it lives", "toolstack: it has 32 MiB",
		"tenant: domain 0 has written", "toolstack: saved, and left to go on: it lives", "toolstack: it is gone", "toolstack: restored: it lives",
		"toolstack: it has ended",
	} {
		assert.Contains(t, outcome.Console, says)
	}
	assert.NotContains(t, outcome.Console, "toolstack: the guest never said")
	if t.Failed() {
		t.Log(outcome.Console)
	}
}
