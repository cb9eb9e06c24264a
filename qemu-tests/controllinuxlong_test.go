//go:build boot && long

package qemutests

import (
	"fmt"
	"testing"
	"time"

	"tuco/tools/tuco/host"
)

// The same with 256 MiB on the disk and as much over the network, both ways, and with four vCPUs too. It takes several minutes, and on a machine with much else to do far more.
func TestControlDomainLinuxLong(t *testing.T) {
	t.Parallel()
	for _, vcpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d-vcpus", vcpus), func(t *testing.T) {
			t.Parallel()
			l := linuxGuest{vcpus: vcpus, disk: 256, net: 256, words: "tuco.cut tuco.store tuco.forks=0 tuco.map=0 tuco.end=poweroff"}
			clock := newStopwatch()
			o := boot(t, l.host(t, host.Spec{CPUs: 2}), watching(clock), within(2*time.Hour))
			l.require(t, o)
			l.requireCut(t, o)
			tellTimes(t, clock, o)
		})
	}
}
