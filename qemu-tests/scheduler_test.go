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

// A busyGuest takes what it can get of the CPUs, of which a share of one is to be each of its vCPUs'.
type busyGuest struct {
	keys  string // of boot.cfg
	vcpus int
	share float64
}

// copies is n guests of a kind.
func copies(n int, g busyGuest) (all []busyGuest) {
	for range n {
		all = append(all, g)
	}
	return all
}

// vCPUs that never rest get the CPUs in proportion to their domains' weights, up to the caps, as they find by their own
// runstates over 2 s of virtual time.
func TestShares(t *testing.T) {
	t.Parallel()
	const seventh = 1.0 / 7
	for _, test := range []struct {
		name      string
		cpus      int
		guests    []busyGuest
		tolerance float64 // a part of the share
	}{
		{"12-domains", 6, copies(12, busyGuest{"", 1, 0.5}), 0.02},
		{"12-vcpus", 6, copies(1, busyGuest{"", 12, 0.5}), 0.02},
		{"7-vcpus-on-3", 3, []busyGuest{{"", 1, 3 * seventh}, {"", 4, 3 * seventh}, {"", 2, 3 * seventh}}, 0.03},
		{"weights", 2, append(copies(2, busyGuest{"weight 128", 1, seventh}), append(copies(2, busyGuest{"weight 256", 1, 2 * seventh}),
			copies(2, busyGuest{"weight 512", 1, 4 * seventh})...)...), 0.03},
		{"cap-alone", 1, copies(1, busyGuest{"cap 50", 1, 0.5}), 0.03},
		{"caps", 2, []busyGuest{
			{"cap 20", 1, 0.2}, {"cap 50\nweight 1000", 1, 0.5}, {"", 1, 0.65}, {"", 1, 0.65},
		}, 0.03},
		// A cap is the domain's: which of its vCPUs has it left for the end of a period is chance. It is the sum that is to be right.
		{"cap-of-several", 4, []busyGuest{{"cap 150", 4, 0.375}, {"cap 50", 2, 0.25}}, 0.2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var guests []guest
			for i, g := range test.guests {
				guests = append(guests, guest{
					name: fmt.Sprint("g", i), kernel: "busy.elf", args: "from=300 to=2300 end=2400",
					keys: fmt.Sprintf("vcpus %d\n%s", g.vcpus, g.keys),
				})
			}
			outcome := boot(t, host.Spec{CPUs: test.cpus, ICount: true, Bundle: bundleOf(t, guests...)})
			requirePowerOff(t, outcome)
			got := shares(t, outcome.Log)
			for i, g := range test.guests {
				sum := 0.0
				for n := range g.vcpus {
					share, ok := got[vcpu{i + 1, n}]
					if assert.True(t, ok, "vCPU %d of guest %d did not say how its time was spent", n, i) {
						assert.InEpsilon(t, g.share, share, test.tolerance, "vCPU %d of guest %d", n, i)
						sum += share
					}
				}
				const ofDomain = 0.03
				assert.InEpsilon(t, g.share*float64(g.vcpus), sum, ofDomain, "guest %d", i)
			}
		})
	}
}

// A vcpu is one of a domain's.
type vcpu struct{ domain, number int }

var busyLine = regexp.MustCompile(`(?m)^\(d(\d+)\) busy: vcpu (\d+): (\d+) ns running, (\d+) runnable, (\d+) blocked, (\d+) offline$`)

// shares is which part of its time each vCPU has run.
func shares(t *testing.T, log string) map[vcpu]float64 {
	t.Helper()
	all := map[vcpu]float64{}
	for _, match := range busyLine.FindAllStringSubmatch(log, -1) {
		var n [6]int
		for i := range n {
			var err error
			n[i], err = strconv.Atoi(match[i+1])
			require.NoError(t, err)
		}
		total := n[2] + n[3] + n[4] + n[5]
		v := vcpu{n[0], n[1]}
		all[v] = float64(n[2]) / float64(total)
		t.Logf("domain %d vCPU %d: %.4f of %d ms", v.domain, v.number, all[v], total/1_000_000)
	}
	return all
}

// A host whose guest sleeps leaves it alone: two seconds more of sleep are hardly any more exits.
func TestIdle(t *testing.T) {
	t.Parallel()
	const seconds, most = 2, 20 // exits in each
	exits := func(to int) int {
		g := guest{name: "idle", kernel: "busy.elf", args: fmt.Sprintf("idle=1 from=300 to=%d", to)}
		outcome := boot(t, host.Spec{CPUs: 2, ICount: true, Append: "counts", Bundle: bundleOf(t, g)})
		requirePowerOff(t, outcome)
		requireLog(t, outcome, `(?m)^\(d1\) busy: `)
		return countedExits(t, outcome.Log)
	}
	short, long := exits(300), exits(300+seconds*1000)
	t.Logf("%d exits, with two seconds of sleep %d", short, long)
	assert.Less(t, long-short, seconds*most)
}

var exitCount = regexp.MustCompile(`(?m)^count: domain \d+: exit [^:]*: (\d+)$`)

// countedExits is how many exits the option counts has logged.
func countedExits(t *testing.T, log string) (total int) {
	t.Helper()
	all := exitCount.FindAllStringSubmatch(log, -1)
	require.NotEmpty(t, all)
	for _, match := range all {
		n, err := strconv.Atoi(match[1])
		require.NoError(t, err)
		total += n
	}
	return total
}
