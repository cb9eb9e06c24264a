//go:build boot

package qemutests

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// hopeless are domains of the suite's group fatal, each with a stack or a frame that is none: a part of as many as the guest's
// lists have.
func hopeless(part, parts int) (all []guest) {
	const stacks, frames = 25, 22
	add := func(what string, n int) {
		for i := part; i < n; i += parts {
			all = append(all, guest{name: fmt.Sprint("hopeless", len(all)), kernel: "suite.elf", args: fmt.Sprintf("group=fatal %s place=%d", what, i)})
		}
	}
	for _, way := range [...]string{"syscall", "fault", "kernel"} {
		add("test=bad-stack way="+way, stacks)
	}
	add("test=bad-frame", frames)
	return append(all, guest{name: "stolen", kernel: "suite.elf", args: "group=fatal test=stolen-stack", keys: "vcpus 2"})
}

// Kernels whose stacks are no good end, each by itself, and nobody else with them, with the stub and without.
func TestHopelessStacks(t *testing.T) {
	t.Parallel()
	for _, on := range []struct {
		name        string
		spec        host.Spec
		part, parts int
	}{
		{"amd-even", host.Spec{Append: "stub=on"}, 0, 2},
		{"amd-odd", host.Spec{Append: "stub=on"}, 1, 2},
		{"amd-without-stub", host.Spec{Append: "stub=off"}, 0, 3},
		{"intel", host.Spec{Emulator: host.Bochs, Vendor: host.Intel, Append: "stub=on"}, 1, 8},
	} {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			guests := append([]guest{{name: "neighbour", kernel: "suite.elf", args: "group=user", memory: 32 * host.MiB}}, hopeless(on.part, on.parts)...)
			on.spec.CPUs, on.spec.Bundle = 2, bundleOf(t, guests...)
			outcome := boot(t, on.spec)
			require.Equal(t, host.Crashed, outcome.End, "%v", outcome) // which the last line says of the first domain that did
			requireNoLog(t, outcome, `(?m)^bug: `)
			require.Regexp(t, `(?m)^guest: [1-9]\d* passed, 0 failed`, writtenBy(outcome.Log, 1))
			for i, g := range guests[1:] {
				require.Equal(t, "fatal: begins\n", writtenBy(outcome.Log, i+2), "%s", g.args)
				assert.Regexp(t, fmt.Sprintf(`(?m)^domain %d: shut down: crash$`, i+2), outcome.Log, "%s", g.args)
			}
		})
	}
}
