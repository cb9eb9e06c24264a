//go:build boot && xen

package qemutests

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// The images and the load are right if the hypervisor is: it is Xen here.
func TestOnXenLinux(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		load   load
		vcpus  int
		end    host.End
		failed bool
	}{
		{load{200, 256, "poweroff"}, 1, host.PoweredOff, false},
		{load{50, 64, "reboot"}, 2, host.Rebooted, false},
		{load{1, 1, "panic"}, 1, host.Crashed, true},
	} {
		t.Run(fmt.Sprintf("%s-%d", test.load.end, test.vcpus), func(t *testing.T) {
			t.Parallel()
			spec := xenHost(t)
			spec.CPUs, spec.Dom0 = test.vcpus, linuxDomain0(t, test.load.words())
			outcome := boot(t, spec, within(5*time.Minute))
			requireLoad(t, outcome, test.load)
			require.Equal(t, test.end, outcome.End, "%v", outcome)
			assert.Equal(t, test.failed, outcome.Failed)
			for _, line := range complaints(outcome.Console) {
				t.Log(line)
			}
		})
	}
}

func TestOnXenLinuxDevices(t *testing.T) {
	t.Parallel()
	requireDevices(t, xenHost(t))
}
