//go:build boot

package qemutests

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/linux"
)

// linuxImage is Debian's kernel and the initramfs with the load, which are made where they are not there.
var linuxImage = sync.OnceValues(func() (*linux.Image, error) {
	return linux.Make(context.Background(), linux.Options{Flavour: "amd64", Dir: "../out/linux-amd64", Source: "..", Cache: cacheDir})
})

// linuxDomain0 is stock Linux as domain 0, with some words on its command line besides those that it needs.
func linuxDomain0(t *testing.T, words string) *host.Domain0 {
	t.Helper()
	image, err := linuxImage()
	require.NoError(t, err)
	return &host.Domain0{Kernel: image.Kernel, Ramdisk: image.Initramfs, Args: strings.TrimSpace(linux.Domain0Args + " " + words)}
}

// linuxPatience is how long a Linux may take: half a minute to its init, and its load; and CI's machines are busy.
const linuxPatience = 15 * time.Minute

// A load is work for the machine's Linux: see guests/linuxload.
type load struct {
	forks, mib int
	end        string
}

func (l load) words() string {
	return fmt.Sprintf("tuco.forks=%d tuco.map=%dM tuco.end=%s", l.forks, l.mib, l.end)
}

// requireLoad requires that Linux did all of a load.
func requireLoad(t *testing.T, outcome *host.Outcome, l load) {
	t.Helper()
	for _, want := range []string{
		fmt.Sprintf("forks: passed: %d processes in ", l.forks), fmt.Sprintf("map: passed: %d MiB in ", l.mib), "end: " + l.end,
	} {
		require.Contains(t, outcome.Console, "linuxload: "+want)
	}
}

// Stock Linux does a load that is hard on page tables, and says nothing on Tuco that it does not say on Xen.
func TestLinux(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cpus int
		load load
		end  host.End
	}{
		{1, load{200, 1024, "poweroff"}, host.PoweredOff},
		{4, load{200, 1024, "reboot"}, host.Rebooted},
	} {
		t.Run(fmt.Sprintf("%d-%s", test.cpus, test.load.end), func(t *testing.T) {
			t.Parallel()
			outcome := bootLinux(t, host.Spec{CPUs: test.cpus}, test.load, test.end, linuxPatience)
			xen := xenHost(t)
			xen.CPUs, xen.Dom0 = test.cpus, linuxDomain0(t, load{1, 1, test.load.end}.words())
			said := complaints(bootPeer(t, xen).Console)
			for _, line := range complaints(outcome.Console) {
				assert.Contains(t, said, line, "Linux complains on Tuco, and not on Xen")
			}
		})
	}
}

// bootPeer boots a host on Xen, which with several CPUs stands still in QEMU now and then: so it is tried again.
func bootPeer(t *testing.T, xen host.Spec) (outcome *host.Outcome) {
	t.Helper()
	const tries, each = 3, 4 * time.Minute
	for range tries {
		if outcome = boot(t, xen, within(each)); outcome.End != host.TimedOut {
			return outcome
		}
	}
	require.Fail(t, "Xen did not come to its end", "%d tries of %v: %v", tries, each, outcome)
	return nil
}

// bootLinux requires that Linux does a load on a machine, and ends it as it should.
func bootLinux(t *testing.T, spec host.Spec, l load, end host.End, patience time.Duration, with ...option) *host.Outcome {
	t.Helper()
	spec.Dom0 = linuxDomain0(t, l.words())
	outcome := boot(t, spec, append(with, within(patience))...)
	requireLoad(t, outcome, l)
	require.Equal(t, end, outcome.End, "%v", outcome)
	require.False(t, outcome.Failed, "%v", outcome)
	requireNoLog(t, outcome, `(?m)^(bug|error): `)
	return outcome
}

// The shell takes what is typed, and Linux's panic is a crash with a report.
func TestLinuxShellAndPanic(t *testing.T) {
	t.Parallel()
	keys := newKeyboard()
	prompt := keys.when("\n$ ", "echo the answer is $((6*7))\r")
	panics := keys.when("the answer is 42", "echo c >/proc/sysrq-trigger\r")
	outcome := boot(t, host.Spec{CPUs: 2, Dom0: linuxDomain0(t, "")}, within(linuxPatience),
		typing(keys), watching(io.MultiWriter(prompt, panics)))
	require.Contains(t, outcome.Console, "the answer is 42")
	require.Contains(t, outcome.Console, "Kernel panic - not syncing: sysrq triggered crash")
	require.Equal(t, host.Crashed, outcome.End, "%v", outcome)
	require.Equal(t, 1, outcome.ExitCode())
	var tail strings.Builder
	require.NoError(t, outcome.WriteTail(&tail, 500))
	require.Regexp(t, `(?m)^error: domain 0 \(Domain-0\) vcpu [01]: .*crashed`, tail.String())
	require.Regexp(t, `(?m)^  --> [0-9a-f]{16}  pop`, tail.String(), "the instruction after the hypercall's SYSCALL")
}

// complaint matches what Linux says when something is wrong with it or with the machine.
var complaint = regexp.MustCompile(`(?i)\bbug\b|\boops\b|warning|call trace|general protection|page fault|unable|fail|error|mismatch|xen.*-\d+$`)

// busy matches what Linux says when the machine is emulated on one that is busy. It times the PC's timer, port by port,
// and the one of power management, and does without those that are too uneven. On Xen, whose own timer the PC's is,
// each port takes so long that it gives up the first way at once, and says nothing.
var busy = regexp.MustCompile(`^tsc: Fast TSC calibration failed|^PM-Timer failed consistency check`)

// stamp is the time in front of the kernel's lines.
var stamp = regexp.MustCompile(`^\[ *\d+\.\d+\] `)

// complaints gives the lines of a console that complain, without times, each once.
func complaints(console string) []string {
	var found []string
	for line := range strings.Lines(console) {
		line = stamp.ReplaceAllString(strings.TrimSpace(line), "")
		if complaint.MatchString(line) && !busy.MatchString(line) && !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	return found
}
