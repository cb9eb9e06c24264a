//go:build boot

package qemutests

import (
	"path/filepath"
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

// endings are how guests/hello ends, by a word on its command line.
var endings = []struct {
	name, word string
	end        host.End
	says       []string // on the console, in this order
}{
	{"power-off", "one  two", host.PoweredOff, []string{
		`arguments \["one" "two"\]`, `goroutines add up to 4950`, `slept well`, `garbage: collected`, `hello: done`,
	}},
	{"exit", "exit=3", host.Crashed, []string{`guest: exit status 3`}},
	{"panic", "panic", host.Crashed, []string{`panic: as asked for`, `goroutine 1 \[running\]`, `guests/hello/main\.go:\d+`, `guest: exit status 2`}},
	{"nil", "nil", host.Crashed, []string{`nil pointer dereference`, `signal SIGSEGV.* addr=0x0 `, `main\.end`}},
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
