//go:build boot

package qemutests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// devicesGuest is a guest that tries its devices.
var devicesGuest = filepath.Join(programDir, "devices.elf")

// A guest has its volume on the host's disk; it writes and reads it by its front end and the control domain's back end and driver. Another guest that wants the
// same volume is refused, and one that has another finds nothing of the first one's in it.
func TestControlDisks(t *testing.T) {
	t.Parallel()
	path := emptyDisk(t)
	for _, time := range []string{"first", "second"} { // the second finds the store that the first has made
		spec := controlled(t, host.Spec{CPUs: 2}, map[string]string{
			"writer": "memory = 64\nkernel = 'devices.elf'\nextra = 'write'\ndisk = ['vol:data,xvda,w']",
		}, devicesGuest)
		spec.Dom0.Args = "volume=data:8"
		spec.ExtraArgs = diskFile(path)
		o := boot(t, spec)
		require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
		assert.Regexp(t, `(?m)^writer: devices: ok`, o.Console)
		if time == "first" {
			assert.Contains(t, o.Console, "was empty: it has a volume store now")
		} else {
			assert.NotContains(t, o.Console, "was empty")
		}
		t.Log(o.Console)
	}
}

// A host without a disk has volumes in memory.
func TestControlDisksInMemory(t *testing.T) {
	t.Parallel()
	spec := controlled(t, host.Spec{}, map[string]string{
		"writer": "memory = 64\nkernel = 'devices.elf'\nextra = 'write'\ndisk = ['vol:data,xvda,w']",
	}, devicesGuest)
	spec.Dom0.Args, spec.Dom0.Memory = "volume=data:4", 128*host.MiB
	o := boot(t, spec)
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	assert.Contains(t, o.Console, "volumes are in memory")
	assert.Regexp(t, `(?m)^writer: devices: ok`, o.Console)
}

// What can't be had is said with the remedy, and nothing half-made stays.
func TestControlDisksRefused(t *testing.T) {
	t.Parallel()
	o := boot(t, controlled(t, host.Spec{}, map[string]string{"g": "memory = 64\ndisk = ['vol:nothing,xvda,w']"}))
	require.Equal(t, host.GaveUp, o.End, "%v\n%s", o, o.Console)
	assert.Regexp(t, `^guest "g": .*disk xvda: .*nothing`, o.Reason)
	assert.Regexp(t, `(?m)^control: guest "g": .*disk xvda: .*nothing`, o.Console)
	requireLog(t, o, `(?m)^domain 1: gone`)
}

// emptyDisk is a file for a disk of the host's.
func emptyDisk(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, 64<<20))
	return path
}

// diskFile has QEMU give the host a disk.
func diskFile(path string) []string {
	return []string{"-drive", "if=none,id=disk,format=raw,file=" + path, "-device", "virtio-blk-pci,drive=disk"}
}
