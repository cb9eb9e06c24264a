//go:build boot && xen

package qemutests

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/debian"
	"tuco/tools/tuco/host"
)

// Stock Linux is a guest of Xen's own toolstack, and does what it does in TestControlDomainLinux. Its back ends are another Linux' in domain 0. What it complains of
// here it may complain of there.
func TestOnXenLinuxGuest(t *testing.T) {
	t.Parallel()
	image, err := linuxImage()
	require.NoError(t, err)
	l := linuxGuest{vcpus: 1, disk: 8, net: 2}
	words := filepath.Join(t.TempDir(), "words")
	require.NoError(t, os.WriteFile(words, []byte(fmt.Sprintf("console=hvc0 tuco.disk=%dM tuco.net=%dM tuco.peer=10.0.0.1:7 tuco.cut tuco.store", l.disk, l.net)+
		" tuco.address=10.0.0.2/24 tuco.forks=0 tuco.map=0 tuco.end=poweroff"), 0o600))
	spec := toolstacked(t, "testdata/linuxguest.sh", map[string]string{
		"guest/vmlinux": image.Kernel, "guest/initramfs.cpio": image.Initramfs, "guest/words": words,
		"xen-blkback.ko": backend(t, "xen-blkback"), "xen-netback.ko": backend(t, "xen-netback"), "brd.ko": memoryDisk(t, image.Version),
	})
	spec.Dom0.Memory = 512 * host.MiB
	o := boot(t, spec, within(linuxPatience))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	for _, line := range []string{
		`linuxload: net: eth0 has 10\.0\.0\.2/24`, `linuxload: store: passed`, fmt.Sprintf(`linuxload: disk: passed: %d MiB in `, l.disk),
		fmt.Sprintf(`linuxload: net: passed: %d MiB both ways in `, l.net), `.*reboot: (System halted|Power down)`,
	} {
		assert.Regexp(t, `(?m)^linux: `+line, o.Console)
	}
	l.requireCut(t, o)
	said := guestComplaints("linux", o.Console)
	for _, line := range said {
		t.Log(line)
	}
	for _, line := range complaintsOnXen {
		assert.Contains(t, said, line, "allowed on Tuco, and not said on Xen")
	}
}

// memoryDisk is a disk in memory, a module that only this test needs.
func memoryDisk(t *testing.T, version string) string {
	t.Helper()
	cache := debian.Cache{Dir: filepath.Join(cacheDir, "debian"), Says: func(text string) { t.Log(text) }}
	root, err := cache.Files(t.Context(), "linux-image-"+version, "", func(path string) bool { return filepath.Base(path) == "brd.ko" })
	require.NoError(t, err)
	return filepath.Join(root, "lib/modules", version, "kernel/drivers/block/brd.ko")
}
