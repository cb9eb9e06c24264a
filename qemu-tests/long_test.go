//go:build boot && long

package qemutests

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tuco/tools/tuco/host"
)

// 500 boots in a row with random numbers of CPUs, amounts of memory and ways to boot: none hangs.
func TestManyBoots(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const count = 500
	for n := range count {
		spec := host.Spec{
			CPUs:   1 + random.IntN(12),
			Memory: host.Size(64+random.IntN(1024)) * host.MiB,
			Boot:   []string{host.PVH, host.ISO}[random.IntN(2)],
		}
		t.Run(fmt.Sprintf("%d-%dcpu-%s", n, spec.CPUs, spec.Boot), func(t *testing.T) {
			t.Parallel()
			keys := newKeyboard()
			outcome := boot(t, spec, typing(keys), watching(keys.when(readyForKeys, powerOffKey)))
			requirePowerOff(t, outcome)
			requireLog(t, outcome, fmt.Sprintf("cpus: %d of %d running", spec.CPUs, spec.CPUs))
		})
	}
}

// Domain 0 makes and destroys 200 domains, more than three times as many as there are numbers.
func TestControlInterfaceSoak(t *testing.T) {
	for _, cpus := range [...]int{1, 4} {
		t.Run(fmt.Sprintf("cpus-%d", cpus), func(t *testing.T) {
			t.Parallel()
			runCycles(t, host.Spec{CPUs: cpus}, 200, "")
		})
	}
}

// More seeds and more calls than in TestHostileNeighbours, on more CPUs.
func TestHostileSoak(t *testing.T) {
	for seed := 100; seed < 200; seed += 10 {
		t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
			requireGoodNeighbours(t, 4, seed, 50_000, within(30*time.Minute))
		})
	}
}

// On more CPUs than the machine has, domains that end at the same time wait long for each other.
func TestEndsLeaveNothingSoak(t *testing.T) {
	for n := range 10 {
		t.Run(fmt.Sprint(n), func(t *testing.T) { requireEndsLeaveNothing(t, 4, within(10*time.Minute)) })
	}
}
