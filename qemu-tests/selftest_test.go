//go:build boot

package qemutests

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// The self-test passes on every vendor, way to boot and number of CPUs that the emulators can give.
func TestSelfTest(t *testing.T) {
	t.Parallel()
	type machine struct {
		name string
		spec host.Spec
	}
	var machines []machine
	for _, cpus := range []int{1, 2, 8} {
		for _, way := range []string{host.PVH, host.ISO} {
			machines = append(machines, machine{
				fmt.Sprintf("qemu-amd-%s-%dcpu", way, cpus),
				host.Spec{Emulator: host.QEMU, Boot: way, CPUs: cpus},
			})
		}
	}
	for _, vendor := range []string{host.Intel, host.AMD} {
		for _, cpus := range []int{1, 2} {
			machines = append(machines, machine{
				fmt.Sprintf("bochs-%s-%dcpu", vendor, cpus),
				host.Spec{Emulator: host.Bochs, Vendor: vendor, CPUs: cpus},
			})
		}
	}
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.spec.Append = "selftest"
			outcome := boot(t, m.spec)
			if slip := tcgSlip.FindString(outcome.Log); slip != "" {
				t.Logf("TCG took hypervisor and guest for each other; once more: %s", slip)
				outcome = boot(t, m.spec)
			}
			passed := requireSelfTest(t, outcome)
			requireEveryCPU(t, outcome, m.spec.CPUs)
			t.Logf("%d passed, %v", passed, outcome)
		})
	}
}

// tcgSlip is what the log shows where QEMU's TCG has it wrong whether it is inside a guest with nested paging. Each
// of the two was seen once, with 8 CPUs on a busy machine:
//   - a second exit, a nested page fault, when it has gone back to the hypervisor already: the "guest" was then executing
//     the hypervisor's text, with the hypervisor's page tables and registers, which no guest can;
//   - a reserved bit met by the first fetch behind VMRUN, in tables which have none: the guest's root is at
//     guest-physical address 0, and at machine address 0 are the BIOS's interrupt vectors, which do have such bits.
var tcgSlip = regexp.MustCompile(`selftest domain \d+ vcpu \d+: nested page fault, .*\s+error: rip ffffffff8` +
	`|selftest: cpu \d+: nested: #PF .*: a reserved bit, of which the tables have none`)

// requireEveryCPU requires that each CPU ran the tests of a guest, as many as the others, in every way.
func requireEveryCPU(t *testing.T, outcome *host.Outcome, cpus int) {
	t.Helper()
	for _, way := range []string{"direct", "nested", "paravirtual"} {
		line := regexp.MustCompile(`(?m)^selftest: cpu (\d+): ` + way + `: (\d+) passed, 0 failed$`)
		passed := map[string]string{}
		for _, match := range line.FindAllStringSubmatch(outcome.Log, -1) {
			passed[match[1]] = match[2]
		}
		require.Len(t, passed, cpus, "CPUs with a %s guest", way)
		for cpu, count := range passed {
			require.Equal(t, passed["0"], count, "cpu %s with a %s guest", cpu, way)
		}
	}
}
