//go:build boot

package qemutests

import (
	"path/filepath"
	"testing"

	"tuco/tools/tuco/host"
)

// A storm is vCPUs that make system calls and page faults under a hail of timers and notifications.
func runStorm(t *testing.T, spec host.Spec, words string, with ...option) {
	t.Helper()
	spec.Dom0 = &host.Domain0{
		Kernel: filepath.Join(guestDir, "suite.elf"), Args: "group=stub test=storm " + words, Memory: 256 * host.MiB,
		VCPUs: spec.CPUs,
	}
	outcome := boot(t, spec, with...)
	requireVerdicts(t, outcome)
}

// Events are neither lost nor late wherever in the stub they find a vCPU. Where instructions are the time, none may be late by
// a millisecond.
func TestStorm(t *testing.T) {
	t.Parallel()
	runStorm(t, host.Spec{Append: "stub=on", CPUs: 4, ICount: true}, "stub=on storm=15 time=instructions")
}
