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

// memoryEnds are how guests/memory ends, by a word on its command line.
var memoryEnds = []struct {
	name, word string
	end        host.End
	says       string
}{
	{"checks", "", host.PoweredOff, `(?m)^memory: ok`},
	{"heap", "heap", host.Crashed, `(?s)fatal error: runtime: out of memory.*main\.end.*guest: exit status 2`},
	{"promised twice", "promised", host.Crashed, `guest: out of memory: no page is left for address 0x[0-9a-f]+, of the domain's 24576 \(96 MiB\)\s+guest: exit status 2`},
}

func runMemory(t *testing.T, spec host.Spec) {
	for _, e := range memoryEnds {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, memoryGuest(spec, e.word))
			require.Equal(t, e.end, outcome.End, "%v\n%s", outcome, outcome.Console)
			assert.Regexp(t, e.says, outcome.Console)
			t.Log(outcome.Console)
		})
	}
	// The last push that succeeds is at the stack's end: the next one has nowhere to go, and nor has the frame of its fault.
	t.Run("stack overflow", func(t *testing.T) {
		t.Parallel()
		outcome := boot(t, memoryGuest(spec, "overflow"))
		require.Equal(t, host.Crashed, outcome.End, "%v\n%s", outcome, outcome.Console)
		guard := regexp.MustCompile(`memory: the stack ends at ([0-9a-f]+)`).FindStringSubmatch(outcome.Console)
		require.NotNil(t, guard, "%s", outcome.Console)
		require.Regexp(t, `rsp:? +`+guard[1], outcome.Log)
	})
}

func memoryGuest(spec host.Spec, word string) host.Spec {
	spec = goProgram(spec, "memory", word)
	spec.Dom0.Memory = 96 * host.MiB
	return spec
}

func TestGoProgramMemory(t *testing.T) {
	t.Parallel()
	runMemory(t, host.Spec{})
}

// The library's page-table updates go by the ring, where there is one and the command line says nothing else.
func TestGoProgramTransport(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, word, goes, doesNot string }{
		{"by itself", "", "update ring of", "mmu_update of"},
		{"ring", "env.TUCO_PAGING=ring", "update ring of", "mmu_update of"},
		{"calls", "one env.TUCO_PAGING=calls two", "mmu_update of", "update ring of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, goProgram(host.Spec{Append: "counts"}, "hello", test.word))
			require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
			assert.Contains(t, outcome.Log, test.goes)
			assert.NotContains(t, outcome.Log, test.doesNot)
		})
	}
	t.Run("neither", func(t *testing.T) {
		t.Parallel()
		outcome := boot(t, goProgram(host.Spec{}, "hello", "env.TUCO_PAGING=pigeons"))
		require.Equal(t, host.Crashed, outcome.End, "%v\n%s", outcome, outcome.Console)
		assert.Contains(t, outcome.Console, "TUCO_PAGING takes ring or calls")
	})
}

var transportLine = regexp.MustCompile(`(?m)^memory: by (mmu_update|update ring): (.*?) ?mapped: ([0-9.]+) ticks a page, (\d+) exits; unmapped: ([0-9.]+) ticks a page, (\d+) exits`)

// The costs of both ways, counted: so they are the same each time.
func TestGoProgramTransportCosts(t *testing.T) {
	t.Parallel()
	spec := memoryGuest(host.Spec{ICount: true}, "transports=64")
	spec.Dom0.Memory = 128 * host.MiB
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	exits := map[string]int{}
	for _, line := range transportLine.FindAllStringSubmatch(outcome.Console, -1) {
		t.Log(strings.TrimSpace(line[0]))
		by, what := line[1], line[2]
		var cost [2]float64
		for i, n := range [...]string{line[3], line[5]} {
			var err error
			cost[i], err = strconv.ParseFloat(n, 64)
			require.NoError(t, err)
		}
		if what == "batch of 512:" {
			assert.Less(t, cost[0], maxPerEntry[by], "%s: mapping", by)
			assert.Less(t, cost[1], maxPerEntry[by], "%s: unmapping", by)
		}
		for _, n := range [...]string{line[4], line[6]} {
			count, err := strconv.Atoi(n)
			require.NoError(t, err)
			exits[by+", "+what] += count
		}
	}
	require.Len(t, exits, 2*11, "%s", outcome.Console)
	for n := 1; n <= 512; n *= 2 {
		for by := range maxPerEntry {
			assert.Equal(t, 2, exits[fmt.Sprintf("%s, batch of %d:", by, n)], "%s: a batch each way is an exit", by)
		}
	}
	assert.Less(t, exits["update ring, 64 MiB"], exits["mmu_update, 64 MiB"]*3/4, "the flush finds the ring drained")
}

// maxPerEntry is what an entry of a large batch may take, in instructions, with putting it there.
var maxPerEntry = map[string]float64{"mmu_update": 300, "update ring": 250}
