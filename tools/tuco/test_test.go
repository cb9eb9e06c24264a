package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/mkkernel"
	"tuco/tools/tuco/boottest"
)

// fakeTestHost is an emulator in which a guest asks for a name and ends. It takes the one character behind "send g " for it.
const fakeTestHost = `
printf "tuco 1\r\n(TUCO) console: now domain 0's\r\ng: name?\r\n"
line=$(dd bs=1 count=8 2>/dev/null)
printf "g: hello, ${line#send g }\r\n"
printf 'level=INFO msg="guest ended" guest=g reason="power off" lived=1s\r\nlevel=INFO msg="guest destroyed" guest=g\r\n'
printf "(TUCO) tuco: power off\r\n"
`

// bootTests makes a directory of tests beside a kernel, and the files of a host.
func bootTests(t *testing.T, tests map[string]string) (dir string, args []string) {
	t.Helper()
	dir = t.TempDir()
	write := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	write("kernel", mkkernel.Plain().Bytes())
	for name, steps := range tests {
		write(name, []byte("name = 'g'\nkernel = 'kernel'\nmemory = 32\n"+steps))
	}
	return dir, []string{"--image", fakeQEMU(t, fakeTestHost), "--control", filepath.Join(dir, "kernel")}
}

func TestTest(t *testing.T) {
	dir, args := bootTests(t, map[string]string{
		"good.boot": "steps = [expect('name'), send('A'), expect('hello'), end()]",
		"bad.boot":  "steps = [\n  expect('name'),\n  send('A'),\n  expect('goodbye')]",
	})
	junit, kept := filepath.Join(dir, "report.xml"), filepath.Join(dir, "kept")
	status, stdout, stderr := tool(t, append(args, "test", dir, "--junit", junit, "--artifacts", kept)...)
	assert.Equal(t, exitFailure, status, "%s", stderr)
	assert.Contains(t, stdout, "] "+dir+`/bad.boot:7: expect("goodbye"): the host has ended; guest g ended by power off (`)
	assert.Contains(t, stdout, "     | hello, A\n     kept in "+kept+"/bad\n")
	assert.Contains(t, stdout, "] "+dir+"/good.boot (")
	assert.Contains(t, stdout, "\n1 passed, 1 failed\n")
	for _, name := range []string{"hypervisor.log", "dom0.console.log", "g.console.log", "failure.txt", "command.txt", "host.txt"} {
		assert.FileExists(t, filepath.Join(kept, "bad", name))
	}
	assert.NoDirExists(t, filepath.Join(kept, "good"))
	assert.NoFileExists(t, filepath.Join(kept, "bad", "guests.cpio"))

	var report struct {
		Suite struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
		} `xml:"testsuite"`
	}
	text, err := os.ReadFile(junit)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(text, &report))
	assert.Equal(t, 2, report.Suite.Tests)
	assert.Equal(t, 1, report.Suite.Failures)

	status, stdout, stderr = tool(t, append(args, "test", filepath.Join(dir, "good.boot"), "-v")...)
	assert.Zero(t, status, "%s", stderr)
	assert.Contains(t, stdout, `good.boot:4: send("A")`)
	assert.Contains(t, stdout, "1 passed, 0 failed\n")
}

func TestTestRefusals(t *testing.T) {
	dir, args := bootTests(t, map[string]string{
		"good.boot":  "steps = [expect('name')]",
		"wrong.boot": "steps = [expect('name')]\nvcpu = 2",
		"lost.boot":  "ramdisk = 'lost'\nsteps = [expect('name')]",
		"small.boot": "host_memory = '1M'\nsteps = [expect('name')]",
	})
	empty := t.TempDir()
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "test: no test is named"},
		{[]string{empty}, empty + ": there are no tests in this directory or below: their names end with .boot"},
		{[]string{filepath.Join(dir, "nothing.boot")}, "no such file"},
		{[]string{filepath.Join(dir, "good.boot"), filepath.Join(dir, "wrong.boot")}, dir + `/wrong.boot:5: unknown key "vcpu" (did you mean vcpus?)`},
		{[]string{dir}, dir + "/lost.boot:4: ramdisk: open "},
		{[]string{filepath.Join(dir, "small.boot")}, dir + "/small.boot: host_memory 1M: the guests have 32M, and the control domain has 65M: want at least 105M"},
		{[]string{filepath.Join(dir, "good.boot"), "--jobs", "0"}, "--jobs 0: want 1 or more"},
		{[]string{filepath.Join(dir, "good.boot"), "--patience", "0"}, "--patience 0: want a number above 0"},
		{[]string{filepath.Join(dir, "good.boot"), "--junit", "/nonexistent/x.xml"}, "--junit: open /nonexistent/x.xml"},
	} {
		status, stdout, stderr := tool(t, append(append(args, "test"), test.args...)...)
		assert.Equal(t, exitUsage, status, "%s", stderr)
		assert.Contains(t, stderr, test.want)
		assert.Empty(t, stdout, "nothing is booted")
	}
}

// The examples are right, and the workflow calls the tool with flags that it has.
func TestExamples(t *testing.T) {
	const examples = "../../examples"
	files, err := boottest.Find(examples)
	require.NoError(t, err)
	assert.Len(t, files, 2)
	for _, f := range files {
		_, err := boottest.Read(f)
		require.NoError(t, err)
	}
	workflow, err := os.ReadFile(filepath.Join(examples, "boot-tests.yaml"))
	require.NoError(t, err)
	_, line, found := strings.Cut(string(workflow), "- run: out/tuco test ")
	require.True(t, found)
	line, _, _ = strings.Cut(line, "\n")
	cmd := newTest()
	require.NoError(t, cmd.ParseFlags(strings.Fields(line)))
	assert.Equal(t, []string{"examples"}, cmd.Flags().Args())
}
