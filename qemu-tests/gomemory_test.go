//go:build boot

package qemutests

import (
	"regexp"
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
