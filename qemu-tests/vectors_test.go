//go:build boot

package qemutests

import (
	"testing"

	"tuco/tools/tuco/host"
)

// Two domains that take turns on one processor, each with its vector registers full.
func TestVectorRegistersOfTwoDomains(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{CPUs: 1, ICount: true, Bundle: bundleOf(t,
		guest{name: "first", kernel: "suite.elf", args: "group=vectors seed=1", memory: 64 * host.MiB},
		guest{name: "second", kernel: "suite.elf", args: "group=vectors seed=2", memory: 64 * host.MiB})})
	requirePowerOff(t, outcome)
	requireLog(t, outcome, `(?m)^\(d1\) test: vectors/turns: success`)
	requireLog(t, outcome, `(?m)^\(d2\) test: vectors/turns: success`)
}
