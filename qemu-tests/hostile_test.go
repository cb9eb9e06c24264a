//go:build boot

package qemutests

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// hostiles are guests whose vCPUs each make so many calls with arguments made up, all of them others, from a seed on.
func hostiles(n, seed, vcpus, calls int, more string) (all []guest) {
	for i := range n {
		all = append(all, guest{
			name: fmt.Sprintf("hostile%d", seed+i), kernel: "hostile.elf", memory: 16 * host.MiB,
			args: fmt.Sprintf("calls=%d seed=%d %s", calls, seed+i, more), keys: fmt.Sprintf("vcpus %d", vcpus),
		})
	}
	return all
}

// most is how long a call may have the CPU to itself, in microseconds of virtual time.
const most = 1000

// Whatever a call's arguments, the hypervisor survives it, and another domain on the same CPU has its turn within a
// millisecond.
func TestHostileCalls(t *testing.T) {
	t.Parallel()
	const calls = 30_000
	for seed := range 4 {
		t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
			t.Parallel()
			guests := append(hostiles(1, seed, 1, calls, ""),
				guest{name: "neighbour", kernel: "hostile.elf", args: "neighbour=2000", memory: 16 * host.MiB})
			outcome := boot(t, host.Spec{ICount: true, Bundle: bundleOf(t, guests...)})
			requirePowerOff(t, outcome)
			assert.Greater(t, numberIn(t, outcome.Log, `(?m)^\(d1\) hostile: vcpu 0: 30000 calls, (\d+) without an error$`), calls/10)
			requireLog(t, outcome, `(?m)^\(d1\) hostile: (?s:.*)^\(d2\) neighbour: \d+ wakes`)
			assert.Less(t, numberIn(t, outcome.Log, `(?m)^\(d2\) neighbour: \d+ wakes, at the worst (\d+) us late$`), most)
		})
	}
}

// numberIn is the number that a pattern captures in a log.
func numberIn(t *testing.T, log, pattern string) int {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(log)
	require.NotNil(t, match, "not in the log: %s", pattern)
	t.Log(match[0])
	n, err := strconv.Atoi(match[1])
	require.NoError(t, err)
	return n
}

// Calls with a lot to do let another domain on the same CPU have its turn within a millisecond; so does the end of the
// domain that made them, with all that it had.
func TestLongCalls(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{ICount: true, Bundle: bundleOf(t,
		guest{name: "neighbour", kernel: "hostile.elf", args: "neighbour=900", memory: 16 * host.MiB},
		guest{name: "long", kernel: "hostile.elf", args: "long=1", memory: 256 * host.MiB})})
	requirePowerOff(t, outcome)
	requireLog(t, outcome, `(?m)^\(d2\) long: all done\n(?s:.*)^domain 2: gone;(?s:.*)^\(d1\) neighbour: \d+ wakes`)
	assert.Less(t, numberIn(t, outcome.Log, `(?m)^\(d1\) neighbour: \d+ wakes, at the worst (\d+) us late$`), most)
	assert.Greater(t, numberIn(t, outcome.Log, `(?m)^\(d1\) neighbour: (\d+) wakes`), 1000)
}

// Hostile domains on several CPUs don't disturb their neighbours, and nothing is left of them, though some have made a mess
// of their own memory.
func TestHostileNeighbours(t *testing.T) {
	t.Parallel()
	requireGoodNeighbours(t, 2, 10, 5_000)
}

// requireGoodNeighbours has hostile domains of some seeds beside others.
func requireGoodNeighbours(t *testing.T, cpus, seed, calls int, with ...option) {
	t.Helper()
	neighbours := []guest{
		{name: "neighbour1", kernel: "hostile.elf", args: "neighbour=2000 stay=1000", memory: 16 * host.MiB},
		{name: "neighbour2", kernel: "hostile.elf", args: "neighbour=2000 stay=1000", memory: 16 * host.MiB},
	}
	hostile := append(hostiles(4, seed, 3, calls, ""), hostiles(4, seed+4, 4, calls, "reckless=1")...)
	before := memoryWhenGone(t, cpus, 0, "(d2) neighbour: ", neighbours, with...)
	after := memoryWhenGone(t, cpus, len(hostile), "(d2) neighbour: ", append(neighbours, hostile...), with...)
	assert.Equal(t, before, after, "bytes of memory that are free, or in the pools of records")
}

// User mode may execute what it likes: its kernel gets a trap, and has lost nothing.
func TestHostileCode(t *testing.T) {
	t.Parallel()
	for _, on := range []struct {
		spec     host.Spec
		programs int
	}{
		{host.Spec{Emulator: host.QEMU}, 20_000},
		{host.Spec{Emulator: host.Bochs, Vendor: host.Intel}, 2000},
	} {
		t.Run(on.spec.Emulator, func(t *testing.T) {
			t.Parallel()
			on.spec.Bundle = bundleOf(t, guest{
				name: "hostile", kernel: "hostile.elf", args: fmt.Sprintf("programs=%d seed=1", on.programs), memory: 16 * host.MiB,
			})
			outcome := boot(t, on.spec)
			requirePowerOff(t, outcome)
			pattern := fmt.Sprintf(`(?m)^\(d1\) hostile: %d programs, (\d+) kinds of traps$`, on.programs)
			assert.Greater(t, numberIn(t, outcome.Log, pattern), 8)
		})
	}
}

// Domain 0's tests pass beside domains that don't stop making hostile calls.
func TestHostileBesideSuite(t *testing.T) {
	t.Parallel()
	for _, group := range [...]string{"events", "mm", "memory", "user"} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			guests := append([]guest{{
				name: host.Domain0Name, kernel: "suite.elf", args: "group=" + group, memory: 256 * host.MiB, keys: "privileged yes",
			}}, hostiles(2, 30, 1, 1_000_000_000, "")...)
			outcome := boot(t, host.Spec{ICount: true, Bundle: bundleOf(t, guests...)})
			requireVerdicts(t, outcome)
			requireNoLog(t, outcome, `(?m)^domain [1-9]: shut down`)
		})
	}
}
