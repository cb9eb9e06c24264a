//go:build boot

package qemutests

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// crashes are the bugs that crash= provokes, the words that the report must have for each, and a line that the backtrace
// must name.
var crashes = []struct{ kind, reason, place string }{
	{"bounds", `index out of range: \d+, limit 4`, `provoke\.go:\d+`},
	{"nil", `nil dereference, writing 0x0`, `provoke\.go:\d+`},
	{"stack", `kernel stack overflow`, `provoke\.go:\d+`},
	{"guard", `kernel stack overflow: writing 0xffffc[0-9a-f]{11} in the guard below a stack`, `crash/\S+\.s:\d+`},
	{"bug", `provoked by the command line`, `provoke\.go:\d+`},
	{"divide", `integer divide by zero`, `provoke\.go:\d+`},
	{"text", `page fault writing 0xffffffff8[0-9a-f]{7}: not permitted`, `provoke\.go:\d+`},
	{"execute", `page fault executing 0x[0-9a-f]+: not permitted`, ``},
	{"fault-in-handler", `nil dereference, writing 0x0`, `provoke\.go:\d+`},
	{"in-interrupt", `nil dereference, writing 0x0`, `provoke\.go:\d+`},
	{"after-exit", `nil dereference, writing 0x0`, `provoke\.go:\d+`},
	{"heap", `the kernel has no heap`, `provoke\.go:\d+`},
}

func TestCrashReports(t *testing.T) {
	t.Parallel()
	for _, crash := range crashes {
		for name, spec := range map[string]host.Spec{
			"qemu-pvh":    {Emulator: host.QEMU, CPUs: 2},
			"bochs-intel": {Emulator: host.Bochs, Vendor: host.Intel, CPUs: 2},
		} {
			t.Run(crash.kind+"-"+name, func(t *testing.T) {
				t.Parallel()
				spec.Append = "crash=" + crash.kind
				outcome := boot(t, spec)
				require.Equal(t, host.Crashed, outcome.End, "%v", outcome)
				if spec.Emulator == host.QEMU {
					assert.Equal(t, 3, outcome.Status, "the emulator's exit status tells of the crash")
				}
				assert.Regexp(t, crash.reason, outcome.Reason)
				requireLog(t, outcome, `(?m)^error: crash on cpu \d+ \(.* stack\): `+crash.reason)
				requireLog(t, outcome, `(?m)^RIP [0-9a-f]{16}  RSP [0-9a-f]{16}  RFLAGS [0-9a-f]{16}$`)
				requireLog(t, outcome, `(?m)^CS  0{14}[0-9a-f]{2}  SS  0{14}[0-9a-f]{2}$`)
				requireState(t, outcome, crash.kind)
				place := `\n(  .*\n)*?  \S+  \S*` + cmp.Or(crash.place, `\.(go|s):\d+`)
				if crash.kind == "fault-in-handler" {
					// The report faults where its backtrace would begin. What is left is short, and ends.
					requireLog(t, outcome, `(?m)^error: fault inside the crash report: `+crash.reason+`.*`+place)
					assert.Less(t, strings.Count(outcome.Log, "provokeNil"), 5, "the backtrace runs in circles")
					return
				}
				requireLog(t, outcome, `(?m)^backtrace:`+place)
				requireNoLog(t, outcome, "did not stop")
				requireLog(t, outcome, `(?m)^trace: the last \d+ records$`)
			})
		}
	}
}

// requireState requires that a report has the registers of what was stopped: of the code that crashed, and where that was a
// handler, of what it had interrupted.
func requireState(t *testing.T, outcome *host.Outcome, kind string) {
	t.Helper()
	switch kind {
	case "execute":
		requireLog(t, outcome, `(?m)^RAX ffffffff8[0-9a-f]{7}  RBX (03){8}  RCX    (01){8}$`)
		requireLog(t, outcome, `(?m)^RDX (02){8}  RSI (06){8}  RDI    (07){8}$`)
		requireLog(t, outcome, `(?m)^RBP [0-9a-f]{16}  R8  (08){8}  R9     (09){8}$`)
		requireLog(t, outcome, `(?m)^R10 (0a){8}  R11 (0b){8}  R12    (0c){8}$`)
		requireLog(t, outcome, `(?m)^R13 (0d){8}  R14 (0e){8}  R15    (0f){8}$`)
	case "in-interrupt":
		requireLog(t, outcome, `(?m)^  --- interrupt, vector 0xf0, error code 0x0 ---$\n`+
			`  RIP [0-9a-f]{16}  RSP [0-9a-f]{16}  RFLAGS [0-9a-f]{13}[2367abef][0-9a-f]{2}$`) // interrupts were on
	}
}

// Of a triple fault nobody reports, but QEMU shows the processors, and the harness where they were.
func TestTripleFaultShowsProcessors(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{CPUs: 2, Append: "crash=triple-fault"})
	require.Equal(t, host.Vanished, outcome.End, "%v", outcome)
	require.Regexp(t, `(?s)CPU#0.*RIP=[0-9a-f]{16}.*CPU#1.*RIP=[0-9a-f]{16}`, outcome.Processors)
	var tail strings.Builder
	require.NoError(t, outcome.WriteTail(&tail, host.TailLines))
	require.Regexp(t, `RIP=[0-9a-f]{16} <\S*kernel/crash\.trap\S* \S*trap_amd64\.s:\d+>`, tail.String())
}

// An unknown kind is named, and nothing crashes.
func TestCrashUnknownKind(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{Append: "crash=nonsuch selftest"})
	requireSelfTest(t, outcome)
	requireLog(t, outcome, `(?m)^warning: command line: .*crash=nonsuch.* is ignored: crash takes `)
}

// The harness adds to an address in a log the place that it lies in, for this image too.
func TestHarnessFindsPlaces(t *testing.T) {
	t.Parallel()
	symbols, err := host.LoadSymbols(image)
	require.NoError(t, err)
	outcome := boot(t, host.Spec{Append: "crash=bounds"})
	var rip uint64
	for _, line := range linesOf(outcome.Log) {
		if n, _ := fmt.Sscanf(line, "RIP %x", &rip); n == 1 {
			break
		}
	}
	place, ok := symbols.Lookup(rip)
	require.True(t, ok, "RIP %#x", rip)
	require.Regexp(t, `\S+\+0x[0-9a-f]+ \S+\.(go|s|S):\d+`, place)
}
