//go:build boot

package qemutests

import (
	"testing"

	"tuco/tools/tuco/host"
)

// A privileged domain and one without rights, each with the other's memory.
func TestRightsOverMemory(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{CPUs: 2, Bundle: bundleOf(t,
		guest{name: "guardian", kernel: "suite.elf", args: "group=rights test=guardian", memory: 64 * host.MiB, keys: "privileged yes"},
		guest{name: "ward", kernel: "suite.elf", args: "group=rights test=ward", memory: 64 * host.MiB})})
	requireVerdicts(t, outcome)
	requireLog(t, outcome, `(?m)^\(d1\) test: rights/ward: success`)
	requireLog(t, outcome, `(?m)^domain 1: gone`)
}
