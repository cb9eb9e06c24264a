//go:build boot

package qemutests

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// A linuxGuest is stock Linux as a guest with a disk, and with a network by which a guest that is no Linux sends back what it gets.
type linuxGuest struct {
	vcpus     int
	disk, net int // MiB that it writes, and that it sends
	words     string
}

// host gives a host with it.
func (l linuxGuest) host(t *testing.T, spec host.Spec) host.Spec {
	t.Helper()
	image, err := linuxImage()
	require.NoError(t, err)
	spec.Memory = host.GiB
	spec = controlled(t, spec, map[string]string{
		"linux": fmt.Sprintf("memory = 256\nvcpus = %d\nkernel = %q\nramdisk = %q\ndisk = ['vol:linux,xvda,w']\nvif = ['']\nextra = 'console=hvc0 %s'",
			l.vcpus, filepath.Base(image.Kernel), filepath.Base(image.Initramfs),
			fmt.Sprintf("tuco.disk=%dM tuco.net=%dM tuco.peer=peer:7 %s", l.disk, l.net, l.words)),
		"peer": "memory = 64\nkernel = 'devices.elf'\nvif = ['ip=10.77.0.10']\nextra = 'address=10.77.0.10/24 echo=7'",
	}, image.Kernel, image.Initramfs, devicesGuest)
	spec.Dom0.Memory, spec.Dom0.Args = 144*host.MiB, fmt.Sprintf("volume=linux:%d", 2*l.disk+32)
	disk := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(disk, nil, 0o600))
	require.NoError(t, os.Truncate(disk, int64(3*l.disk+64)<<20))
	spec.ExtraArgs = append(spec.ExtraArgs, "-drive", "if=none,id=disk,format=raw,file="+disk, "-device", "virtio-blk-pci,drive=disk")
	return spec
}

// require requires that it has done all, and said no more than Linux says everywhere.
func (l linuxGuest) require(t *testing.T, o *host.Outcome) {
	t.Helper()
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	for _, line := range []string{
		`linux: .*Linux version`, `linux: linuxload: net: eth0 has 10\.77\.0\.\d+/24`, fmt.Sprintf(`linux: linuxload: disk: passed: %d MiB in `, l.disk),
		fmt.Sprintf(`linux: linuxload: net: passed: %d MiB both ways in `, l.net), fmt.Sprintf(`peer: devices: echo: %d bytes`, l.net<<20), `peer: devices: ok`,
	} {
		assert.Regexp(t, line, o.Console) // what is typed may stand before it
	}
	requireNoOtherComplaints(t, "linux", o.Console)
}

// numbersIn are those in the lines that match, with a group for the number.
func numbersIn(t *testing.T, pattern, text string) (all []int) {
	t.Helper()
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		all = append(all, n)
	}
	return all
}

// Stock Linux is a guest, with a disk, a network and the store. It restarts in the middle of writing: its domain goes, and what it had been told is on the
// disk is there for the next one. While that one uses its devices their daemons are restarted. In its shell it takes a command by its console.
func TestControlDomainLinux(t *testing.T) {
	t.Parallel()
	l := linuxGuest{vcpus: 1, disk: 8, net: 2, words: "tuco.cut tuco.store"}
	keys := newKeyboard()
	clock := newStopwatch()
	o := boot(t, l.host(t, host.Spec{CPUs: 2}), typing(keys), within(linuxPatience), watching(io.MultiWriter(
		keys.when(" files right", "restart block\rrestart console\r"), keys.when("disk: passed", "restart network\rrestart store\r"),
		keys.when("This is a shell in the guest", "send linux poweroff\r"), clock,
	)))
	l.require(t, o)
	l.requireCut(t, o)
	tellTimes(t, clock, o)
	for _, daemon := range [...]string{"block", "console", "network", "store"} {
		assert.Contains(t, o.Console, `level=INFO msg="daemon restarted" daemon=`+daemon)
	}
	assert.Contains(t, o.Console, `linux: linuxload: store: passed`)
	assert.Regexp(t, `linux: .*reboot: (System halted|Power down)`, o.Console)
}

// tellTimes tells when the guest's init ran, and how long what it does took. Nothing depends on that.
func tellTimes(t *testing.T, clock *stopwatch, o *host.Outcome) {
	line, ok := clock.find(`Run /init as init process`)
	require.True(t, ok, "no line of init's start")
	t.Logf("init after %.1f s", line.at.Seconds())
	for _, part := range regexp.MustCompile(`(?m)linux: linuxload: (.*passed: .*)$`).FindAllStringSubmatch(o.Console, -1) {
		t.Log(part[1])
	}
}

// requireCut requires that all files were right, after the machine's restart, that were told to be on the disk before.
func (l linuxGuest) requireCut(t *testing.T, o *host.Outcome) {
	t.Helper()
	const found = `(?m)^linux: linuxload: disk: found (\d+) files right`
	right := numbersIn(t, found, o.Console)
	require.Len(t, right, 1, "%s", o.Console)
	before := o.Console[:regexp.MustCompile(found).FindStringIndex(o.Console)[0]]
	synced := numbersIn(t, `(?m)^linux: linuxload: disk: synced (\d+) files`, before)
	require.NotEmpty(t, synced)
	assert.GreaterOrEqual(t, right[0], slices.Max(synced))
	assert.Less(t, slices.Max(synced), l.disk, "it was cut before its end")
}
