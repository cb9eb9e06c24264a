//go:build boot

package qemutests

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/tools/tuco/host"
)

// A CPU that the hypervisor can't run on at all is refused by the first instructions, before there is a log.
func TestOldCPU(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ model, reason string }{
		"no-long-mode": {"qemu32", `no long mode`},
		"no-nx":        {"EPYC,+svm,-nx,check=off", `\(NX\)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, host.Spec{CPUModel: test.model})
			assert.Equal(t, host.Halted, outcome.End, "%v", outcome)
			assert.Regexp(t, test.reason, outcome.Reason)
			assert.Equal(t, 5, outcome.Status)
		})
	}
}

// What is optional is done without.
func TestSmallMachines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec host.Spec
		log  string
	}{
		"no-nested-paging": {host.Spec{CPUModel: "EPYC,+svm,-npt,check=off"}, `(?m)^warning: no nested paging`},
		"64-mib":           {host.Spec{Memory: 64 * host.MiB}, `(?m)^memory: `},
		"5-gib":            {host.Spec{Memory: 5 * host.GiB}, `(?m)^memory: 52\d{5} KiB of RAM`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.spec.CPUs, test.spec.Append = 2, "selftest"
			outcome := boot(t, test.spec)
			requireSelfTest(t, outcome)
			assert.Regexp(t, test.log, outcome.Log)
		})
	}
}
