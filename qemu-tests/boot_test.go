//go:build boot

package qemutests

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// image is the hypervisor under test.
var image = "../out/tuco.elf"

func TestMain(m *testing.M) {
	if path := os.Getenv("TUCO_IMAGE"); path != "" {
		image = path
	}
	if _, err := os.Stat(image); err != nil {
		fmt.Fprintf(os.Stderr, "no image to boot: %v (build it with make)\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// patience is how long a machine may take. Nothing here takes that long on an idle machine; CI's are busy.
const patience = 5 * time.Minute

// An option changes how a machine is run.
type option func(*host.Options)

func within(d time.Duration) option { return func(o *host.Options) { o.Timeout = d } }
func typing(r io.Reader) option     { return func(o *host.Options) { o.Input = r } }
func watching(w io.Writer) option   { return func(o *host.Options) { o.Output = w } }

// boot boots a machine and waits for its end. If the test fails, now or later, it shows the end of the machine's log.
func boot(t *testing.T, spec host.Spec, with ...option) *host.Outcome {
	t.Helper()
	plan, options := planned(t, spec, with)
	outcome, err := host.Run(t.Context(), plan, options)
	require.NoError(t, err)
	t.Cleanup(func() { showFailure(t, plan, outcome) })
	return outcome
}

// planned is how a machine is to be run.
func planned(t *testing.T, spec host.Spec, with []option) (*host.Plan, host.Options) {
	t.Helper()
	if spec.Image == "" {
		spec.Image = image
	}
	plan, err := host.NewPlan(spec, logDir(t), host.Programs{Unpacked: "../out/deps"})
	require.NoError(t, err)
	options := host.Options{Timeout: patience}
	for _, set := range with {
		set(&options)
	}
	return plan, options
}

// showFailure shows the end of a machine's log if the test has failed.
func showFailure(t *testing.T, plan *host.Plan, outcome *host.Outcome) {
	if t.Failed() {
		var tail strings.Builder
		outcome.WriteTail(&tail, host.TailLines)
		t.Logf("%s\n%s\n%v", host.ShellQuote(plan.Args...), tail.String(), outcome)
	}
}

// boots counts the machines of each test, to give each a directory of its own.
var boots = struct {
	sync.Mutex
	of map[string]int
}{of: map[string]int{}}

func logDir(t *testing.T) string {
	boots.Lock()
	defer boots.Unlock()
	boots.of[t.Name()]++
	name := strings.NewReplacer("/", "-", " ", "_", ",", "_").Replace(t.Name())
	if n := boots.of[t.Name()]; n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	dir, err := filepath.Abs(filepath.Join("../out/test-logs", name))
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			keepLogs(t, dir)
		}
	})
	return dir
}

// keepLogs moves the logs of what failed to where another try doesn't replace them.
func keepLogs(t *testing.T, dir string) {
	if _, err := os.Stat(dir); err != nil {
		return // it failed before it booted
	}
	kept := dir + ".failed"
	require.NoError(t, os.RemoveAll(kept))
	require.NoError(t, os.Rename(dir, kept))
	t.Logf("the logs are kept in %s", kept)
}

// requirePowerOff requires that the machine powered off by itself and nothing went wrong.
func requirePowerOff(t *testing.T, outcome *host.Outcome) {
	t.Helper()
	require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)
	require.False(t, outcome.Failed, "%v", outcome)
	requireNoLog(t, outcome, `(?m)^(bug|error): `)
	requireHead(t, outcome)
}

// requireSelfTest requires that the self-test ran, and passed.
func requireSelfTest(t *testing.T, outcome *host.Outcome) (passed int) {
	t.Helper()
	requirePowerOff(t, outcome)
	passed, failed, ran := host.SelfTest(outcome.Log)
	require.True(t, ran, "the self-test did not come to its end")
	require.Zero(t, failed)
	require.Positive(t, passed)
	return passed
}

// requireLog requires that the log has something, without showing all of it here: its end is shown once, by boot.
func requireLog(t *testing.T, outcome *host.Outcome, pattern string) {
	t.Helper()
	require.True(t, regexp.MustCompile(pattern).MatchString(outcome.Log), "not in the log: %s", pattern)
}

func requireNoLog(t *testing.T, outcome *host.Outcome, pattern string) {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringIndex(outcome.Log)
	if match != nil {
		line, _, _ := strings.Cut(outcome.Log[match[0]:], "\n")
		require.Fail(t, "in the log: "+line)
	}
}

// requireHalt requires a clean halt for a reason that the log names.
func requireHalt(t *testing.T, outcome *host.Outcome, reason string) {
	t.Helper()
	require.Equal(t, host.Halted, outcome.End, "%v", outcome)
	require.Regexp(t, reason, outcome.Reason)
	requireHead(t, outcome)
}

// requireHead requires the log's first line, which tells the version.
func requireHead(t *testing.T, outcome *host.Outcome) {
	t.Helper()
	first, _, _ := strings.Cut(outcome.Log, "\n")
	require.Regexp(t, `^tuco \d+\.\d+`, first)
}
