//go:build boot && long

package qemutests

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// Ten times the processes.
func TestLinuxForALongTime(t *testing.T) {
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprint("cpus-", cpus), func(t *testing.T) {
			bootLinux(t, host.Spec{CPUs: cpus}, load{2000, 1024, "poweroff"}, host.PoweredOff, time.Hour)
		})
	}
}

// Stock Linux on VT-x. How long it takes to its init is printed and not judged.
func TestLinuxOnBochs(t *testing.T) {
	clock := newStopwatch()
	spec := host.Spec{Emulator: host.Bochs, Vendor: host.Intel, Memory: 512 * host.MiB}
	bootLinux(t, spec, load{5, 8, "poweroff"}, host.PoweredOff, time.Hour, watching(clock))
	line, ok := clock.find(`Run /init as init process`)
	require.True(t, ok, "no line of init's start")
	t.Logf("init after %.0f s", line.at.Seconds())
}
