package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// asTool makes this test binary the tool itself, so that tests can send it signals.
const asTool = "TUCO_TEST_AS_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// tool runs the tool in this process, with no input.
func tool(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	var out, errs bytes.Buffer
	status = run(args, null, &out, &errs)
	return status, out.String(), errs.String()
}

// fakeQEMU puts a shell script in the place of QEMU, and makes an image for it.
func fakeQEMU(t *testing.T, script string) (image string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "qemu-system-x86_64"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	image = filepath.Join(dir, "tuco.elf")
	require.NoError(t, os.WriteFile(image, []byte("image"), 0o644))
	return image
}

func TestRefusals(t *testing.T) {
	image := fakeQEMU(t, "echo 'tuco: power off'")
	for _, test := range []struct{ args, want string }{
		{"up --image /nonexistent/tuco.elf", "the image /nonexistent/tuco.elf does not exist"},
		{"up", "tuco.elf does not exist"},
		{"up --vendor via --image IMAGE", `unknown vendor "via": want amd or intel`},
		{"up --vendor intel --image IMAGE", "TCG emulates no VT-x: use --emulator bochs"},
		{"up --emulator vbox --image IMAGE", `unknown emulator "vbox"`},
		{"up --memory lots --image IMAGE", `memory size "lots"`},
		{"up --memory 0 --image IMAGE", "--memory 0"},
		{"up --cpus 0 --image IMAGE", "--cpus 0: want 1 to 32"},
		{"up --cpus many --image IMAGE", "--cpus"},
		{"up --cpus 33 --image IMAGE", "33 CPUs: want 1 to 32"},
		{"up --timeout -1s --image IMAGE", "--timeout -1s"},
		{"up --log-dir IMAGE/x --image IMAGE", "--log-dir: "},
		{"up --bundle /nonexistent/b --image IMAGE", "the bundle /nonexistent/b does not exist"},
		{"up --bare --bundle IMAGE --image IMAGE", "leave out --bundle"},
		{"up guest.cfg --image IMAGE", "guest.cfg: guests can't be started yet; possible now: --bare"},
		{"up --disk x --image IMAGE", "unknown flag: --disk (see tuco up --help)"},
		{"frob", `unknown command "frob"`},
		{"iso", "iso needs -o FILE"},
		{"iso extra -o x", "unknown command"},
		{"iso -o x --image /nonexistent/tuco.elf", "the image /nonexistent/tuco.elf does not exist"},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := strings.Fields(strings.ReplaceAll(test.args, "IMAGE", image))
			status, stdout, stderr := tool(t, args...)
			assert.Equal(t, exitUsage, status, "%s", stderr)
			assert.Contains(t, stderr, test.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %q", stderr)
			assert.Empty(t, stdout)
		})
	}
}

func TestMissingEmulatorNamesThePackage(t *testing.T) {
	image := fakeQEMU(t, "")
	t.Setenv("PATH", "/nonexistent")
	status, _, stderr := tool(t, "up", "--image", image)
	assert.Equal(t, exitFailure, status)
	assert.Contains(t, stderr, "apt-get install qemu-system-x86,")
}

func TestUpHeadless(t *testing.T) {
	image := fakeQEMU(t, `printf 'tuco 1\r\ntuco: power off\r\n'; cat`)
	dir := t.TempDir()
	status, stdout, stderr := tool(t, "up", "--bare", "--headless", "--image", image, "--log-dir", dir)
	assert.Zero(t, status, "%s", stderr)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "log in "+dir+"/hypervisor.log")
	log, err := os.ReadFile(filepath.Join(dir, "hypervisor.log"))
	require.NoError(t, err)
	assert.Equal(t, "tuco 1\ntuco: power off\n", string(log))
}

func TestUpShowsTheSerialConsole(t *testing.T) {
	image := fakeQEMU(t, `printf 'tuco 1\r\ntuco: power off\r\n'`)
	status, stdout, _ := tool(t, "up", "--image", image, "--log-dir", t.TempDir())
	assert.Zero(t, status)
	assert.Equal(t, "tuco 1\r\ntuco: power off\r\n", stdout)
}

func TestUpFailuresShowTheLog(t *testing.T) {
	for _, test := range []struct {
		script, want string
		status       int
	}{
		{"echo 'tuco 1'; echo 'tuco: crashed: bounds'; exit 3", "tuco: crashed: bounds (after", 1},
		{"echo 'tuco 1'; echo 'tuco: halted: no SVM'; exit 5", "tuco: halted: no SVM (after", 1},
		{"echo 'tuco 1'", "tuco: crashed without a closing line: a triple fault", 1},
		{"echo 'tuco 1'; exec sleep 100", "tuco: timed out", 124},
	} {
		image := fakeQEMU(t, test.script)
		status, _, stderr := tool(t, "up", "--headless", "--timeout", "500ms", "--image", image, "--log-dir", t.TempDir())
		assert.Equal(t, test.status, status)
		assert.Contains(t, stderr, "--- the end of the log:\ntuco 1\n")
		assert.Contains(t, stderr, test.want)
	}
}

func TestDryRun(t *testing.T) {
	image := fakeQEMU(t, "exit 9")
	logs := filepath.Join(t.TempDir(), "logs")
	status, stdout, stderr := tool(t, "up", "--dry-run", "--cpus", "2", "--append", "a b", "--image", image, "--log-dir", logs)
	assert.Zero(t, status, "%s", stderr)
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "/qemu-system-x86_64 -accel tcg ")
	assert.True(t, strings.HasSuffix(stdout, " -kernel "+image+" -append 'a b'\n"), stdout)
	_, err := os.Stat(logs)
	assert.ErrorIs(t, err, os.ErrNotExist, "a dry run makes nothing")
}

// startTool starts the tool as a process of its own on an emulator that never ends, and gives the emulator's number.
func startTool(t *testing.T, stdin *os.File) (cmd *exec.Cmd, emulator int) {
	t.Helper()
	pidFile := filepath.Join(t.TempDir(), "pid")
	image := fakeQEMU(t, `echo $$ >"$PID.new"; mv "$PID.new" "$PID"; exec sleep 1000`)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.Command(self, "up", "--image", image, "--log-dir", t.TempDir())
	cmd.Env = append(os.Environ(), asTool+"=1", "PID="+pidFile)
	cmd.Stdin = stdin
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(pidFile)
		if err != nil {
			return false
		}
		emulator, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	}, 5*time.Second, 10*time.Millisecond, "the emulator did not start")
	return cmd, emulator
}

func TestSignalsLeaveNoEmulator(t *testing.T) {
	for signal, want := range map[syscall.Signal]int{
		syscall.SIGINT: exitInterrupt, syscall.SIGTERM: exitInterrupt, syscall.SIGHUP: exitInterrupt, syscall.SIGKILL: -1,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd, emulator := startTool(t, nil)
			require.NoError(t, cmd.Process.Signal(signal))
			cmd.Wait()
			assert.Equal(t, want, cmd.ProcessState.ExitCode())
			requireGone(t, emulator)
		})
	}
}

func TestEscapeKeyEndsTheHost(t *testing.T) {
	master, slave, err := host.OpenPTY()
	require.NoError(t, err)
	defer master.Close()
	cmd, emulator := startTool(t, slave)
	slave.Close()
	_, err = master.Write([]byte("x\x1d"))
	require.NoError(t, err)
	require.NoError(t, cmd.Wait(), "the user's wish is no failure")
	requireGone(t, emulator)
}

func requireGone(t *testing.T, pid int) {
	t.Helper()
	gone := func() bool {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		return err != nil || strings.Contains(string(stat), ") Z ")
	}
	require.Eventually(t, gone, 5*time.Second, 10*time.Millisecond, "the emulator %d is still there", pid)
}
