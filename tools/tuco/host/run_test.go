package host

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeRun runs a shell script in the place of QEMU.
func fakeRun(t *testing.T, ctx context.Context, script string, options Options) (*Outcome, error) {
	t.Helper()
	fakePrograms(t, map[string]string{"qemu-system-x86_64": script})
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/bin:/bin")
	plan, err := NewPlan(Spec{Image: someFile(t, "tuco.elf")}, filepath.Join(t.TempDir(), "new/dir"), Programs{})
	require.NoError(t, err)
	return Run(ctx, plan, options)
}

func TestRunCleanEnd(t *testing.T) {
	outcome, err := fakeRun(t, context.Background(), `printf 'tuco 1\r\ntuco: power off\r\n'; echo complaint >&2`, Options{})
	require.NoError(t, err)
	assert.Equal(t, PoweredOff, outcome.End)
	assert.False(t, outcome.Failed)
	assert.Equal(t, "tuco 1\ntuco: power off\n", outcome.Log)
	assert.Equal(t, "complaint\n", outcome.Emulator)
	written, err := os.ReadFile(outcome.LogPath)
	require.NoError(t, err)
	assert.Equal(t, outcome.Log, string(written))
}

func TestRunCrash(t *testing.T) {
	outcome, err := fakeRun(t, context.Background(), `printf 'tuco: crashed: bounds\n'; exit 3`, Options{})
	require.NoError(t, err)
	assert.Equal(t, Crashed, outcome.End)
	assert.Equal(t, "bounds", outcome.Reason)
	assert.Equal(t, 3, outcome.Status)
	assert.Equal(t, 1, outcome.ExitCode())
}

func TestRunPassesInput(t *testing.T) {
	var console bytes.Buffer
	outcome, err := fakeRun(t, context.Background(), `read key; echo "key $key"; echo 'tuco: power off'`,
		Options{Input: strings.NewReader("h\n"), Output: &console})
	require.NoError(t, err)
	assert.Equal(t, PoweredOff, outcome.End)
	assert.Equal(t, "key h\ntuco: power off\n", console.String())
}

// The emulator and its child end with the run, whatever ended it.
func TestRunLeavesNothingBehind(t *testing.T) {
	const script = `sleep 1000 & echo $! >"$PIDS"; echo $$ >>"$PIDS"; echo started; wait`
	for name, test := range map[string]struct {
		timeout time.Duration
		end     func(cancel context.CancelCauseFunc)
		want    End
		code    int
	}{
		"timeout":   {timeout: 300 * time.Millisecond, want: TimedOut, code: 124},
		"quit":      {end: func(cancel context.CancelCauseFunc) { cancel(ErrQuit) }, want: Quit, code: 0},
		"interrupt": {end: func(cancel context.CancelCauseFunc) { cancel(nil) }, want: Interrupted, code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			pids := filepath.Join(t.TempDir(), "pids")
			t.Setenv("PIDS", pids)
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			console := writerFunc(func() {
				if test.end != nil {
					test.end(cancel)
				}
			})
			outcome, err := fakeRun(t, ctx, script, Options{Timeout: test.timeout, Output: console})
			require.NoError(t, err)
			assert.Equal(t, test.want, outcome.End, "%v", outcome)
			assert.Equal(t, test.code, outcome.ExitCode())
			requireGone(t, pids)
		})
	}
}

// writerFunc calls a function for each write.
type writerFunc func()

func (w writerFunc) Write(data []byte) (int, error) {
	w()
	return len(data), nil
}

// requireGone waits until no process of a file of process numbers is there.
func requireGone(t *testing.T, pids string) {
	t.Helper()
	text, err := os.ReadFile(pids)
	require.NoError(t, err)
	fields := strings.Fields(string(text))
	require.NotEmpty(t, fields)
	for _, field := range fields {
		pid, err := strconv.Atoi(field)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !running(pid) }, 3*time.Second, 10*time.Millisecond, "process %d is still there", pid)
	}
}

// running tells whether a process is there and is not a zombie, which nobody may have collected yet.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// An emulator that ignores the end of the machine is ended, and that is told of a power off only.
func TestRunEndsALingeringEmulator(t *testing.T) {
	outcome, err := fakeRun(t, context.Background(), `echo 'tuco: crashed: x'; exec sleep 1000`, Options{})
	require.NoError(t, err)
	assert.Equal(t, Crashed, outcome.End)
	assert.GreaterOrEqual(t, outcome.Elapsed, lingerQEMU)
	assert.Equal(t, -1, outcome.Status)
}

func TestRunRefusedByEmulator(t *testing.T) {
	outcome, err := fakeRun(t, context.Background(), `echo 'qemu: no such option' >&2; exit 1`, Options{})
	require.NoError(t, err)
	assert.Equal(t, EmulatorFailed, outcome.End)
	assert.Contains(t, outcome.Reason, "no such option")
}

func TestRunFromUnwritableDirectory(t *testing.T) {
	fakePrograms(t, map[string]string{"qemu-system-x86_64": "exit 0\n"})
	plan, err := NewPlan(Spec{Image: someFile(t, "tuco.elf")}, filepath.Join(someFile(t, "file"), "dir"), Programs{})
	require.NoError(t, err)
	_, err = Run(context.Background(), plan, Options{})
	require.Error(t, err)
}
