//go:build boot

package qemutests

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// programDir is where make puts Go programs that were built as guests.
const programDir = "../out/programs"

// goProgram is a host with a Go program as domain 0.
func goProgram(spec host.Spec, name, args string) host.Spec {
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(programDir, name+".elf"), Args: args, Memory: 64 * host.MiB}
	return spec
}

// allWords is a command line with as many arguments and variables as one may have.
var allWords = strings.Repeat("env.a= ", 63) + "one  two" + strings.Repeat(" x", 61)

// endings are how guests/hello ends, by a word on its command line.
var endings = []struct {
	name, word string
	end        host.End
	says       []string // on the console, in this order
}{
	{"power-off", allWords, host.PoweredOff, []string{
		`arguments \["one" "two"( "x"){61}\]`, `goroutines add up to 4950`, `slept well`, `garbage: collected`, `hello: done`,
	}},
	{"exit", "exit=3", host.Crashed, []string{`guest: exit status 3`}},
	{"panic", "panic", host.Crashed, []string{`panic: as asked for`, `goroutine 1 \[running\]`, `guests/hello/main\.go:\d+`, `guest: exit status 2`}},
	{"nil", "nil", host.Crashed, []string{`nil pointer dereference`, `signal SIGSEGV.* addr=0x0 `, `main\.end`}},
	{"write to text", "write-text", host.Crashed, []string{`unexpected fault address`, `code=0x2`, `main\.end`}},
	{"call of data", "run-data", host.Crashed, []string{`unexpected fault address`, `code=0x2`}},
	{"deadlock", "deadlock", host.Crashed, []string{`all goroutines are asleep - deadlock!`}},
	{"preemption", "spin", host.PoweredOff, []string{`loops don't keep the processors to themselves`, `hello: done`}},
}

func runEndings(t *testing.T, spec host.Spec) {
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, goProgram(spec, "hello", e.word))
			require.Equal(t, e.end, outcome.End, "%v\n%s", outcome, outcome.Console)
			rest := "(?s)"
			for _, says := range e.says {
				rest += ".*" + says
			}
			assert.Regexp(t, rest, outcome.Console)
		})
	}
}

// An ordinary Go program, with its whole runtime, as a guest.
func TestGoProgram(t *testing.T) {
	t.Parallel()
	runEndings(t, host.Spec{})
}

func TestGoProgramOnBochs(t *testing.T) {
	t.Parallel()
	outcome := boot(t, goProgram(host.Spec{Emulator: host.Bochs, Vendor: host.Intel}, "hello", "spin"))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	assert.Contains(t, outcome.Console, "hello: done")
}

// A program runs in little memory, and says so where it is too little.
func runSizes(t *testing.T, spec host.Spec) {
	for _, size := range []struct {
		memory host.Size
		end    host.End
		says   string
	}{
		{16 * host.MiB, host.PoweredOff, `(?m)^hello: done`},
		{6 * host.MiB, host.Crashed, `(?m)^fatal error: runtime: out of memory`},
		{4 * host.MiB, host.Crashed, `(?m)^fatal error: runtime: out of memory`},
	} {
		t.Run(size.memory.String(), func(t *testing.T) {
			t.Parallel()
			spec := goProgram(spec, "hello", "")
			spec.Dom0.Memory = size.memory
			outcome := boot(t, spec)
			require.Equal(t, size.end, outcome.End, "%v\n%s", outcome, outcome.Console)
			require.Regexp(t, size.says, outcome.Console)
		})
	}
}

func TestGoProgramSizes(t *testing.T) {
	t.Parallel()
	runSizes(t, host.Spec{})
}

func runStress(t *testing.T, spec host.Spec) {
	outcome := boot(t, goProgram(spec, "stress", "seconds=5 big=24"))
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Contains(t, outcome.Console, "stress: ok")
	batch := regexp.MustCompile(`mapped in one go: \d+ page-table updates, (\d+) a hypercall`).FindStringSubmatch(outcome.Console)
	require.NotNil(t, batch, "%s", outcome.Console)
	each, err := strconv.Atoi(batch[1])
	require.NoError(t, err)
	require.GreaterOrEqual(t, each, 200)
	t.Log(outcome.Console)
}

func TestGoStress(t *testing.T) {
	t.Parallel()
	runStress(t, host.Spec{})
}

// A program that waits for a timer leaves its vCPUs alone: some seconds more of sleep are hardly any more exits, of which a
// wake takes at least one.
func TestGoIdle(t *testing.T) {
	t.Parallel()
	// Wakes in each; on several vCPUs the exits before the sleep differ by some hundred from boot to boot.
	const seconds, most = 60, 20
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d vCPUs", cpus), func(t *testing.T) {
			t.Parallel()
			exits := func(milliseconds int) int {
				spec := goProgram(host.Spec{CPUs: cpus, ICount: true, Append: "counts"}, "hello", fmt.Sprintf("sleep=%d", milliseconds))
				outcome := boot(t, spec)
				require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
				require.Contains(t, outcome.Console, "hello: woke up")
				return countedExits(t, outcome.Log)
			}
			short, long := exits(200), exits(200+seconds*1000)
			t.Logf("%d exits, with %d seconds of sleep %d", short, seconds, long)
			require.Less(t, long-short, seconds*most)
		})
	}
}
