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

// A busyGuest takes what it can get of the CPUs, of which a share of one is to be its.
type busyGuest struct {
	keys  string // of boot.cfg
	share float64
}

// copies is n guests of a kind.
func copies(n int, g busyGuest) (all []busyGuest) {
	for range n {
		all = append(all, g)
	}
	return all
}

// Guests that never rest get the CPUs in proportion to their weights, up to their caps, as they find by their own
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
		{"equal", 6, copies(12, busyGuest{"", 0.5}), 0.02},
		{"weights", 2, append(copies(2, busyGuest{"weight 128", seventh}),
			append(copies(2, busyGuest{"weight 256", 2 * seventh}), copies(2, busyGuest{"weight 512", 4 * seventh})...)...), 0.03},
		{"cap-alone", 1, copies(1, busyGuest{"cap 50", 0.5}), 0.03},
		{"caps", 2, []busyGuest{{"cap 20", 0.2}, {"cap 50\nweight 1000", 0.5}, {"", 0.65}, {"", 0.65}}, 0.03},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var guests []guest
			for i, g := range test.guests {
				guests = append(guests, guest{
					name: fmt.Sprint("g", i), kernel: "busy.elf", args: "from=300 to=2300 end=2400", keys: g.keys,
				})
			}
			outcome := boot(t, host.Spec{CPUs: test.cpus, ICount: true, Bundle: bundleOf(t, guests...)})
			requirePowerOff(t, outcome)
			got := shares(t, outcome.Log)
			for i, g := range test.guests {
				share, ok := got[i+1]
				if assert.True(t, ok, "guest %d did not say how its time was spent", i) {
					assert.InEpsilon(t, g.share, share, test.tolerance, "guest %d", i)
				}
			}
		})
	}
}

var busyLine = regexp.MustCompile(`(?m)^\(d(\d+)\) busy: (\d+) ns running, (\d+) runnable, (\d+) blocked, (\d+) offline$`)

// shares is which part of its time each domain has run, by number.
func shares(t *testing.T, log string) map[int]float64 {
	t.Helper()
	all := map[int]float64{}
	for _, match := range busyLine.FindAllStringSubmatch(log, -1) {
		var n [5]int
		for i := range n {
			var err error
			n[i], err = strconv.Atoi(match[i+1])
			require.NoError(t, err)
		}
		total := n[1] + n[2] + n[3] + n[4]
		all[n[0]] = float64(n[1]) / float64(total)
		t.Logf("domain %d: %.4f of %d ms", n[0], all[n[0]], total/1_000_000)
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
