//go:build boot

package qemutests

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// What a domain of the guest ends can have: all that one vCPU can, and more vCPUs, which never rest.
const (
	everything = "has=ports+tables+descriptors+info+grants+mappings+timers+memory+line+ring"
	vcpus      = "+vcpus"
)

// mortals makes guests that come to an end, as their arguments say, and the one that sees it: domain 1.
func mortals(stay int, ends ...string) (all []guest) {
	args := fmt.Sprintf("witness=%d stay=%d", len(ends)+1, stay)
	all = append(all, guest{name: "witness", kernel: "ends.elf", args: args})
	for i, end := range ends {
		g := guest{name: fmt.Sprint("mortal", i), kernel: "ends.elf", args: fmt.Sprintf("peer=%d %s", 3+i, end)}
		if strings.Contains(end, vcpus) {
			g.keys = "vcpus 5"
		}
		all = append(all, g)
	}
	return all
}

// Domains come to their ends beside another, which goes on, and leave no memory behind.
func TestEndsLeaveNothing(t *testing.T) {
	t.Parallel()
	for _, cpus := range [...]int{1, 2} {
		t.Run(fmt.Sprintf("cpus-%d", cpus), func(t *testing.T) {
			t.Parallel()
			requireEndsLeaveNothing(t, cpus)
		})
	}
}

func requireEndsLeaveNothing(t *testing.T, cpus int, with ...option) {
	t.Helper()
	ends := []string{
		"end=poweroff", "end=reboot", "end=suspend", "end=crash", "end=hopeless", "end=unknown", "end=unwatched",
		everything, everything + " end=hopeless", everything + " end=unwatched", "has=" + vcpus,
		everything + vcpus, everything + vcpus + " end=crash", everything + vcpus + " end=hopeless", everything + vcpus + " end=unwatched",
	}
	for _, holding := range strings.Split(strings.TrimPrefix(everything, "has="), "+") {
		ends = append(ends, "has="+holding)
	}
	before := memoryWhenGone(t, cpus, 0, witness(0), mortals(1000), with...)
	after := memoryWhenGone(t, cpus, len(ends), witness(len(ends)), mortals(1000, ends...), with...)
	assert.Equal(t, before, after, "bytes of memory that are free, or in the pools of records")
}

// witness is what the guest that sees the others' ends says when there were so many.
func witness(ends int) string { return fmt.Sprintf("witness: %d domains have come and gone", ends) }

// memoryWhenGone is how much memory is free, or in the pools of records, when so many of the guests have ended, and the
// others have said what they have to say.
func memoryWhenGone(t *testing.T, cpus, gone int, says string, guests []guest, with ...option) int {
	t.Helper()
	keys := newKeyboard()
	watch := keys.whenSeen(func(seen string) bool {
		return strings.Contains(seen, says) && len(goneLine.FindAllString(seen, -1)) == gone
	}, "m"+powerOffKey)
	outcome := boot(t, host.Spec{CPUs: cpus, Bundle: bundleOf(t, guests...)}, append(with, typing(keys), watching(watch))...)
	require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
	requireNoLog(t, outcome, `(?m)^bug: `)
	bytes := 0
	for _, pattern := range [...]string{`(?m)^memory: .* (\d+) (\w+) free$`, `(?m)^  (\d+) (\w+) of it for the records of domains$`} {
		match := regexp.MustCompile(pattern).FindStringSubmatch(outcome.Log)
		require.NotNil(t, match, pattern)
		n, err := strconv.Atoi(match[1])
		require.NoError(t, err)
		unit, ok := map[string]int{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[match[2]]
		require.True(t, ok, match[0])
		bytes += n * unit
	}
	t.Logf("%d domains have ended; %d bytes are free or in pools", gone, bytes)
	return bytes
}

var goneLine = regexp.MustCompile(`(?m)^domain \d+: gone`)

// The machine ends with the last domain, and tells the worst that has happened to any.
func TestWorstEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		ends []string
		want string // whose crash it is
	}{
		{"none", []string{"end=poweroff", "end=reboot", "end=suspend"}, ""},
		{"crash", []string{"end=poweroff", "end=crash", "end=poweroff"}, "domain 3 (mortal1) crashed"},
		{"hopeless", []string{"end=poweroff", "end=poweroff", "end=hopeless"}, "domain 4 (mortal2) crashed"},
		{"unknown", []string{"end=unknown"}, "domain 2 (mortal0) crashed"},
		{"unwatched", []string{"end=unwatched", "end=poweroff"}, "domain 2 (mortal0) crashed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, host.Spec{CPUs: 2, ICount: true, Bundle: bundleOf(t, mortals(0, test.ends...)...)})
			if test.want == "" {
				requirePowerOff(t, outcome)
				return
			}
			require.Equal(t, host.Crashed, outcome.End, "%v", outcome)
			require.Equal(t, test.want, outcome.Reason)
		})
	}
}

// A domain whose frame another one has mapped is gone, but for its memory and its number, which go when the frame is let
// go of.
func TestEndOfAnothersPage(t *testing.T) {
	t.Parallel()
	spec := host.Spec{CPUs: 2, ICount: true, Bundle: bundleOf(t,
		guest{name: "holder", kernel: "ends.elf", args: "holder=1", keys: "privileged yes"},
		guest{name: "mortal", kernel: "ends.elf", args: "show=1"})}
	outcome := boot(t, spec)
	requirePowerOff(t, outcome)
	require.Contains(t, outcome.Console, "holder: domain 1 can't be found, and its page is still there")
	requireLog(t, outcome, `(?m)^domain 1: others still use 1 of its frames\ndomain 1: gone`)
}

// A domain that ends while another has mapped what it grants: the page stays, and the number, until the other lets go of it or
// ends, and then both are gone to the last frame.
func TestEndOfGranter(t *testing.T) {
	t.Parallel()
	spec := host.Spec{CPUs: 2, ICount: true, Bundle: bundleOf(t,
		guest{name: "witness", kernel: "ends.elf", args: "witness=1 stay=3"},
		guest{name: "borrower", kernel: "ends.elf", args: "borrow=3"},
		guest{name: "lender", kernel: "ends.elf", args: "lend=2"})}
	outcome := boot(t, spec)
	requirePowerOff(t, outcome)
	requireLog(t, outcome, `(?m)^\(d2\) borrower: domain 3 can't be found, and its page was still there`)
	requireLog(t, outcome, `(?m)^domain 3: others still use 1 of its frames$`)
	requireLog(t, outcome, `(?m)^domain 2: gone`)
	requireLog(t, outcome, `(?m)^domain 3: gone`)
}

// The same on VT-x, whose control structures must be out of the processors before their memory is free.
func TestEndsInBochs(t *testing.T) {
	t.Parallel()
	const has = "has=tables+descriptors+info+grants+mappings+memory"
	ends := []string{has, "has=" + vcpus, has + " end=hopeless"}
	outcome := boot(t, host.Spec{Emulator: host.Bochs, CPUs: 2, Bundle: bundleOf(t, mortals(10, ends...)...)})
	require.Equal(t, host.Crashed, outcome.End, "%v", outcome)
	require.Equal(t, "domain 4 (mortal2) crashed", outcome.Reason)
	require.Len(t, goneLine.FindAllString(outcome.Log, -1), len(ends))
}
