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

	"tuco/tools/mkbundle"
	"tuco/tools/mkkernel"
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

// someKernel makes a file that looks like a kernel.
func someKernel(t *testing.T) string {
	t.Helper()
	return written(t, "vmlinux", mkkernel.Plain().Bytes())
}

// damagedLinux makes a file with the setup header of a bzImage that says that its kernel follows, but it is none.
func damagedLinux(t *testing.T) string {
	t.Helper()
	file := make([]byte, 8192)
	copy(file[0x202:], "HdrS\x0f\x02")
	file[0x24c] = 100
	return written(t, "vmlinuz", file)
}

// guestFile makes a guest.cfg beside a kernel.
func guestFile(t *testing.T, more string) string {
	t.Helper()
	path := written(t, "guest.cfg", []byte("name = 'web'\nkernel = 'kernel'\n"+more))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "kernel"), mkkernel.Plain().Bytes(), 0o644))
	return path
}

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o644))
	return path
}

func TestRefusals(t *testing.T) {
	image := fakeQEMU(t, "echo 'tuco: power off'")
	files := strings.NewReplacer("IMAGE", image, "KERNEL", someKernel(t), "DAMAGED", damagedLinux(t),
		"GUEST", guestFile(t, "memory = 32"), "SMALL", written(t, "disk", nil), "MISSPELT", guestFile(t, "memery = 32\nmemory = 32"), "DIRECTORY", t.TempDir(),
		"STUMP", written(t, "guest.cfg", []byte("name = 'web'\nkernel = '/etc/passwd'\nmemory = 32\n")), "TIGHT", guestFile(t, "memory = 8"), "DISK", guestFile(t, "memory = 32\ndisk = [\n'data,raw,xvda,w' ]"),
		"LOST", guestFile(t, "memory = 32\nramdisk = 'lost'"))
	for _, test := range []struct{ args, want string }{
		{"up --image /nonexistent/tuco.elf", "the image /nonexistent/tuco.elf does not exist"},
		{"up", "tuco.elf does not exist"},
		{"up --vendor via --image IMAGE", `unknown vendor "via": want amd or intel`},
		{"up --vendor intel --image IMAGE", "TCG emulates no VT-x: use --emulator bochs"},
		{"up --emulator vbox --image IMAGE", `unknown emulator "vbox"`},
		{"up --memory lots --image IMAGE", `size "lots"`},
		{"up --memory 0 --image IMAGE", "--memory 0"},
		{"up --cpus 0 --image IMAGE", "--cpus 0: want 1 to 32"},
		{"up --cpus many --image IMAGE", "--cpus many: want a whole number"},
		{"up --cpus 33 --image IMAGE", "33 CPUs: want 1 to 32"},
		{"up --timeout -1s --image IMAGE", "--timeout -1s"},
		{"up --log-dir IMAGE/x --image IMAGE", "--log-dir: "},
		{"up --bundle /nonexistent/b --image IMAGE", "the bundle /nonexistent/b does not exist"},
		{"up --bare --bundle IMAGE --image IMAGE", "leave out --bundle"},
		{"up guest.cfg --image IMAGE", "open guest.cfg: no such file"},
		{"up guest.cfg --bare --image IMAGE", "guest.cfg: the control domain starts guests: leave out --bare"},
		{"up guest.cfg --dom0 KERNEL --image IMAGE", "leave out --bare, --bundle and --dom0, or the guests"},
		{"up GUEST --image IMAGE", "control.elf: no such file or directory: make builds the control domain"},
		{"up GUEST GUEST --image IMAGE", `has a guest "web" already; give this one another name`},
		{"up MISSPELT --image IMAGE", `/guest.cfg:3: unknown key "memery" (did you mean memory?)`},
		{"up LOST --image IMAGE", "/guest.cfg:4: ramdisk: open "},
		{"up STUMP --image IMAGE", "/guest.cfg:2: kernel: /etc/passwd: it is no ELF file"},
		{"up TIGHT --image IMAGE", "/guest.cfg:3: memory: memory of 8 MiB is too small: the kernel ends at 17 MiB"},
		{"up GUEST --memory 64M --image IMAGE", "--memory 64M: the guests have 32M, and the control domain has 65M: want at least 105M"},
		{"up DISK --image IMAGE", "/guest.cfg:5: disk: there is no volume data on this host: --volume data=64M makes it, --disk FILE is a disk that has it"},
		{"up --bare --dom0 IMAGE --image IMAGE", "leave out --bundle and --dom0"},
		{"up --bundle IMAGE --dom0 IMAGE --image IMAGE", "leave out --dom0, or --bundle"},
		{"up --dom0-args x --image IMAGE", "--dom0-args needs --dom0 KERNEL"},
		{"up --dom0-memory 1G --image IMAGE", "--dom0-memory needs --dom0 KERNEL"},
		{"up --dom0 /nonexistent/vmlinux --image IMAGE", "--dom0: open /nonexistent/vmlinux: no such file"},
		{"up --dom0 IMAGE --image IMAGE", "it is no ELF file"},
		{"up --dom0 DAMAGED --image IMAGE", "compressed in an unknown way"},
		{"up --dom0 KERNEL --dom0-ramdisk /nonexistent/r --image IMAGE", "the ramdisk of domain 0 /nonexistent/r does not exist"},
		{"up --dom0 KERNEL --dom0-memory 8M --image IMAGE", "memory of 8 MiB is too small: the kernel ends at 17 MiB"},
		{"up --dom0 KERNEL --dom0-memory lots --image IMAGE", `--dom0-memory: size "lots"`},
		{"up --dom0 KERNEL --dom0-memory 0 --image IMAGE", "--dom0-memory 0: want more"},
		{"up --dom0 KERNEL --dom0-vcpus 0 --image IMAGE", "--dom0-vcpus 0: want at least 1"},
		{"up --dom0 KERNEL --memory 32M --image IMAGE", "a machine of 32M is too small for domain 0"},
		{"up --hypervisor kvm --image IMAGE", `unknown hypervisor "kvm"`},
		{"up --hypervisor xen --image IMAGE", "Xen needs a domain 0"},
		{"bundle --dom0 KERNEL -o x", "bundle needs -o FILE, --dom0 KERNEL and --dom0-memory SIZE"},
		{"image", "linux or xen"},
		{"image windows", `unknown command "windows" for "tuco image"`},
		{"image linux --flavour rt", `unknown flavour "rt": want amd64 or cloud`},
		{"image linux --add :x", `--add ":x": want FILE or FILE:PATH`},
		{"image linux", "is not Tuco's source tree"},
		{"up --disc x --image IMAGE", "unknown flag: --disc (see tuco up --help)"},
		{"up --disk /nonexistent/d --image IMAGE", "no such file or directory: truncate -s 1G /nonexistent/d makes an empty one"},
		{"up --disk DIRECTORY --image IMAGE", "is a directory: want a file, such as "},
		{"up --disk SMALL --image IMAGE", "want at least 1 MiB"},
		{"up --disk SMALL --emulator bochs --image IMAGE", "--disk needs --emulator qemu"},
		{"up --volume a=1M --image IMAGE", "--volume is for the control domain: name guest.cfg files"},
		{"up --forward 1:web:2 --image IMAGE", "--forward is for the control domain: name guest.cfg files"},
		{"up --disk-rate 1M --image IMAGE", "--disk-rate is for the control domain: name guest.cfg files"},
		{"up GUEST --control IMAGE --disk-rate 5K --image IMAGE", "want whole MiB a second, such as 20M"},
		{"up --reach-host --image IMAGE", "--reach-host is for the control domain: name guest.cfg files"},
		{"up GUEST --control IMAGE --volume a --image IMAGE", "such as data=64M"},
		{"up GUEST --control IMAGE --volume a=1K --image IMAGE", "such as data=64M"},
		{"up GUEST --control IMAGE --forward 80 --image IMAGE", "write PORT:GUEST:PORT"},
		{"up GUEST --control IMAGE --forward 80:web:0 --image IMAGE", `"0" is no port`},
		{"up GUEST --control IMAGE --forward 80:w:80 --image IMAGE", `there is no guest "w"`},
		{"up GUEST --control IMAGE --forward 80:web:80 --image IMAGE", "give it a vif in "},
		{"frob", `unknown command "frob" for "tuco" (see tuco --help)`},
		{"crate", `unknown command "crate" for "tuco"; did you mean create? (see tuco --help)`},
		{"iso", "iso needs -o FILE"},
		{"iso extra -o x", "too few or too many arguments (extra): write tuco iso "},
		{"up --timeout 30", "--timeout 30: want a time, such as 30s or 1m30s"},
		{"iso -o x --image /nonexistent/tuco.elf", "the image /nonexistent/tuco.elf does not exist"},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := strings.Fields(files.Replace(test.args))
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

func TestUpDomain0(t *testing.T) {
	image := fakeQEMU(t, `printf "tuco 1\r\n(TUCO) console: now domain 0's\r\nLinux\r\n(TUCO) hello\r\n# (TUCO) tuco: power off\r\n"
printf "(TUCO) $WORD\r\n"; exit $STATUS`)
	for _, test := range []struct {
		word, status, said string
		want               int
	}{
		{"tuco: power off", "0", "powered off (after", 0},
		{"tuco: reboot", "0", "rebooted (after", 0},
		{"tuco: crashed: domain 0 crashed", "3", "crashed: domain 0 crashed (after", 1},
		{"nothing", "0", "crashed without a closing line", 1},
	} {
		t.Setenv("WORD", test.word)
		t.Setenv("STATUS", test.status)
		dir := t.TempDir()
		status, stdout, stderr := tool(t, "up", "--dom0", someKernel(t), "--headless", "--image", image, "--log-dir", dir)
		assert.Equal(t, test.want, status, "%s", stderr)
		assert.Contains(t, stderr, test.said)
		assert.Contains(t, stderr, "tuco.elf with vmlinux as domain 0 (959M) in qemu")
		assert.Contains(t, stderr, "log in "+dir+"/dom0.console.log")
		assert.Empty(t, stdout)
		for name, want := range map[string]string{
			"hypervisor.log": "tuco 1\nconsole: now domain 0's\nhello\n" + test.word + "\n", "dom0.console.log": "Linux\n# (TUCO) tuco: power off\n",
		} {
			log, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			assert.Equal(t, want, string(log))
		}
		assert.NoFileExists(t, filepath.Join(dir, "dom0.cpio"))
	}
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

// What a dry run prints makes the bundle that a run would.
func TestDryRunWithDomain0(t *testing.T) {
	image := fakeQEMU(t, "exit 0")
	logs := filepath.Join(t.TempDir(), "logs")
	kernel := someKernel(t)
	status, stdout, stderr := tool(t, "up", "--dry-run", "--cpus", "2", "--dom0", kernel, "--dom0-args", "a b", "--dom0-ramdisk", image,
		"--image", image, "--log-dir", logs)
	require.Zero(t, status, "%s", stderr)
	lines := strings.Split(stdout, "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, "mkdir -p "+logs, lines[0])
	_, words, ok := strings.Cut(lines[1], " ")
	require.True(t, ok)
	assert.Equal(t, "bundle -o "+logs+"/dom0.cpio --dom0 "+kernel+" --dom0-ramdisk "+image+" --dom0-args 'a b' --dom0-memory 959M --dom0-vcpus 2", words)
	assert.Contains(t, lines[2], " -initrd "+logs+"/dom0.cpio")

	require.NoError(t, os.Mkdir(logs, 0o755))
	status, _, stderr = tool(t, strings.Fields(strings.ReplaceAll(words, "'a b'", "quiet"))...)
	require.Zero(t, status, "%s", stderr)
	archive, err := os.ReadFile(filepath.Join(logs, "dom0.cpio"))
	require.NoError(t, err)
	require.NoError(t, mkbundle.Check(archive))
	assert.Contains(t, string(archive), "ramdisk ramdisk\nargs quiet\nmemory 959M\nvcpus 2\n")
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

// A pattern stays one word of the guest's command line.
func TestPatternWithSpaces(t *testing.T) {
	args := (&testGo{run: "TestSum/one and one", short: true}).args()
	assert.Equal(t, "-test.v -test.run=TestSum/one_and_one -test.short", args)
}
