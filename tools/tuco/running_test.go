package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/pack"
	"tuco/tools/mkkernel"
	"tuco/tools/tuco/client/fakehost"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/hosts"
	"tuco/tools/tuco/slim"
)

// running starts a host with guests and volumes, which is the one last started here.
func running(t *testing.T) *fakehost.Host {
	t.Helper()
	h := fakehost.Start(t)
	h.AddGuest("web", "web: ready\n")
	h.AddGuest("client", "")
	h.AddVolume("data", []byte("some data"))
	record(t, h.Address)
	return h
}

// record records a host, and no other.
func record(t *testing.T, address string) {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv(tokenVariable, "")
	r, err := hosts.Add(hosts.Host{Address: address, Token: fakehost.Token, LogDir: "/the/logs"})
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
}

// ok runs the tool, which must succeed.
func ok(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	status, stdout, stderr := tool(t, args...)
	require.Zero(t, status, "%v: %s", args, stderr)
	return stdout
}

// parsed runs the tool with --json, and parses what it prints.
func parsed[T any](t *testing.T, args ...string) (what T) {
	t.Helper()
	out := ok(t, append(args, "--json")...)
	d := json.NewDecoder(strings.NewReader(out))
	require.NoError(t, d.Decode(&what), "%s", out)
	require.False(t, d.More(), "one value: %s", out)
	return what
}

type object = map[string]any

func TestPS(t *testing.T) {
	h := running(t)
	want := "NAME    DOMAIN  STATE    MEMORY  VCPUS  CPU TIME\n" +
		"client  2       running  64 MiB  2      500ms\n" +
		"web     1       running  64 MiB  2      500ms\n"
	assert.Equal(t, want, ok(t, "ps"))
	list := parsed[[]wire.Domain](t, "ps")
	require.Len(t, list, 2)
	assert.Equal(t, "client", list[0].Name)
	assert.Equal(t, want[:20], ok(t, "ps", "--host", h.Address, "--token", fakehost.Token)[:20])
	ok(t, "ps", "--host", "http://"+h.Address+"/") // whose token is on record
	ok(t, "destroy", "web", "client")
	assert.Equal(t, "[]\n", ok(t, "ps", "--json"))
}

func TestVerbs(t *testing.T) {
	for _, test := range []struct{ verb, result, method, path string }{
		{"pause", "paused", "POST", "/pause"},
		{"shutdown", "asked to power off", "POST", "/shutdown"},
		{"reboot", "asked to reboot", "POST", "/reboot"},
		{"destroy", "destroyed", "DELETE", ""},
	} {
		t.Run(test.verb, func(t *testing.T) {
			h := running(t)
			assert.Equal(t, "web: "+test.result+"\n", ok(t, test.verb, "web"))
			assert.Equal(t, []string{test.method + " /v1/domains/web" + test.path}, h.Asked())
			assert.Equal(t, []object{{"name": "client", "result": test.result}}, parsed[[]object](t, test.verb, "client"))
		})
	}
	h := running(t)
	ok(t, "pause", "web")
	assert.Equal(t, "web: unpaused\n", ok(t, "unpause", "web"))
	assert.Len(t, h.Asked(), 2)
}

// What is wrong with one of several is told, and the others have it done.
func TestVerbOnSeveral(t *testing.T) {
	running(t)
	status, stdout, stderr := tool(t, "pause", "wbe", "web", "nobody", "client", "--json")
	assert.Equal(t, exitFailure, status)
	assert.JSONEq(t, `[{"name":"web","result":"paused"},{"name":"client","result":"paused"}]`, stdout)
	assert.Equal(t, "tuco: there is no guest \"wbe\"; did you mean web?\nthere is no guest \"nobody\"\n", stderr)
	status, _, stderr = tool(t, "pause", "web")
	assert.Equal(t, exitFailure, status)
	assert.Equal(t, "tuco: guest \"web\" is paused, not running\n", stderr)
}

func TestInfo(t *testing.T) {
	h := running(t)
	out := ok(t, "info")
	assert.Contains(t, out, "management  "+h.Address+"\n")
	assert.Contains(t, out, "memory      512 MiB free of 1 GiB\n")
	assert.Contains(t, out, "3 collections, longest stop 41µs, longest wait 1.5ms\n")
	assert.Equal(t, 2, parsed[wire.Host](t, "info").Guests)
	out = ok(t, "info", "web")
	assert.Contains(t, out, "disk xvda  data: 0 reads of 0 B")
	assert.Equal(t, "web", parsed[wire.Domain](t, "info", "web").Config.Name)
	_, _, stderr := tool(t, "info", "webb")
	assert.Equal(t, "tuco: there is no guest \"webb\"; did you mean web?\n", stderr)
}

func TestSched(t *testing.T) {
	h := running(t)
	assert.Equal(t, "NAME  WEIGHT  CAP\nweb   0       0\n", ok(t, "sched", "web"), "as the host says")
	assert.Equal(t, "NAME  WEIGHT  CAP\nweb   512     0\n", ok(t, "sched", "web", "-w", "512"))
	assert.Equal(t, object{"name": "web", "cpu_weight": 512.0, "cap": 50.0}, parsed[object](t, "sched", "web", "--cap", "50"))
	assert.Equal(t, []string{"PUT /v1/domains/web/schedule", "PUT /v1/domains/web/schedule"}, h.Asked())
	status, _, stderr := tool(t, "sched", "wbe", "-w", "1")
	assert.Equal(t, exitFailure, status)
	assert.Equal(t, "tuco: there is no guest \"wbe\"; did you mean web?\n", stderr)
}

func TestDown(t *testing.T) {
	h := running(t)
	assert.Equal(t, h.Address+": ends\n", ok(t, "down"))
	assert.Equal(t, object{"name": h.Address, "result": "ends"}, parsed[object](t, "down"))
	assert.Equal(t, []string{"POST /v1/host/poweroff", "POST /v1/host/poweroff"}, h.Asked())
}

func TestReports(t *testing.T) {
	h := running(t)
	status, stdout, stderr := tool(t, "reports", "web")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	assert.Equal(t, "tuco: no crash of web is on record\n", stderr)
	h.AddReport("web", wire.Report{Guest: "web", Domain: 7, Lived: 1.5, Reason: "crash", Texts: map[string]string{"console": "panic: no\n"}, Time: time.Unix(0, 0)})
	assert.Equal(t, "1970-01-01 00:00:00  web: crash of domain 7, after 1.5s\n--- console:\npanic: no\n", ok(t, "reports", "web"))
	assert.Equal(t, "crash", parsed[[]wire.Report](t, "reports", "web")[0].Reason)
}

func TestCapture(t *testing.T) {
	running(t)
	file := filepath.Join(t.TempDir(), "web.pcap")
	assert.Equal(t, file+": 6 B\n", ok(t, "capture", "web", file))
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "frames", string(got))
	assert.Equal(t, "frames", ok(t, "capture", "--for", "1m", "web", "-"))
	assert.Equal(t, object{"name": "web", "file": file, "bytes": 6.0}, parsed[object](t, "capture", "web", file))

	other := filepath.Join(t.TempDir(), "other.pcap")
	status, _, stderr := tool(t, "capture", "--interface", "1", "web", other)
	assert.Equal(t, exitFailure, status)
	assert.Equal(t, "tuco: it has no such interface\n", stderr)
	assert.NoFileExists(t, other)
	status, _, stderr = tool(t, "capture", "web", filepath.Join(other, "beneath"))
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, stderr, "beneath")
}

func TestTop(t *testing.T) {
	running(t)
	out := ok(t, "top", "-n", "1", "--interval", "1ms")
	assert.Contains(t, out, "up 1s, 2 guests, 2 CPUs, memory 512 MiB free of 1 GiB, volumes 32 MiB free of 64 MiB\n")
	assert.Regexp(t, `(?m)^web +running +50.0 +64 MiB +2 +1000 +1 MiB +1 KiB +0 B +0 B$`, out)
	one := parsed[object](t, "top", "--interval", "1ms")
	guest := one["guests"].([]any)[0].(object)
	assert.Equal(t, "client", guest["name"])
	assert.Equal(t, 50.0, guest["cpu_percent"])
	assert.Equal(t, 2, strings.Count(ok(t, "top", "-n", "2", "--interval", "1ms", "--json"), "\n"), "a line each")
}

// A guest that was made again under its name has no less than nothing done.
func TestTopOfANewDomain(t *testing.T) {
	before := sample{domains: []wire.Domain{{Name: "web", Domain: 1, CPUTime: 100}}}
	now := sample{host: wire.Host{Uptime: 2}, domains: []wire.Domain{{Name: "web", Domain: 2, CPUTime: 1}}}
	assert.Equal(t, 50.0, between(before, now).Guests[0].CPU)
}

func TestDaemons(t *testing.T) {
	h := running(t)
	assert.Equal(t, "block: restarted\nstore: restarted\n", ok(t, "daemon", "restart", "block", "store"))
	assert.Equal(t, []string{"POST /v1/daemons/block/restart", "POST /v1/daemons/store/restart"}, h.Asked())
	assert.Regexp(t, `(?m)^block +running +2001-09-09 01:46:40 +1 +0$`, ok(t, "daemon", "list"))
	assert.Len(t, parsed[[]wire.Daemon](t, "daemon", "list"), 4)
	assert.Equal(t, []object{{"name": "console", "result": "restarted"}}, parsed[[]object](t, "daemon", "restart", "console"))
	status, _, stderr := tool(t, "daemon", "restart", "netwrok")
	assert.Equal(t, exitFailure, status)
	assert.Equal(t, "tuco: there is no daemon \"netwrok\"; did you mean network?\n", stderr)
}

func TestVolumes(t *testing.T) {
	running(t)
	assert.Equal(t, "logs: 2 MiB\n", ok(t, "volume", "create", "logs", "2M"))
	assert.Equal(t, "data@monday: 9 B\n", ok(t, "volume", "snapshot", "data@monday"))
	assert.Equal(t, int64(9), parsed[wire.Volume](t, "volume", "clone", "data@monday", "copy").Size)
	assert.Regexp(t, `(?m)^data@monday +9 B +9 B +0 B +2001-09-09 01:46 +read only$`, ok(t, "volume", "list"))
	assert.Len(t, parsed[wire.Volumes](t, "volume", "list").Volumes, 4)
	assert.Equal(t, "copy: deleted\n", ok(t, "volume", "delete", "copy"))
	assert.Equal(t, []object{{"name": "data@monday", "result": "deleted"}}, parsed[[]object](t, "volume", "rm", "data@monday"))
	for args, want := range map[string]string{
		"volume delete dat":      "tuco: there is no volume \"dat\"; did you mean data?\n",
		"volume clone log l":     "tuco: there is no volume \"log\"; did you mean logs?\n",
		"volume snapshot log@x":  "tuco: there is no volume \"log\"; did you mean logs?\n",
		"volume export lgs FILE": "tuco: there is no volume \"lgs\"; did you mean logs?\n",
		"volume create logs 1M":  "tuco: there is a volume \"logs\" already\n",
	} {
		status, _, stderr := tool(t, strings.Fields(strings.ReplaceAll(args, "FILE", filepath.Join(t.TempDir(), "file")))...)
		assert.Equal(t, exitFailure, status, args)
		assert.Equal(t, want, stderr, args)
	}
}

func TestImages(t *testing.T) {
	h := running(t)
	dir := t.TempDir()
	image := make([]byte, 3*hole+5) // two holes, something, and a hole that is no whole one
	copy(image[2*hole:], "something")
	raw := written(t, "disk.img", image)
	assert.Equal(t, "sys: 192 KiB\n", ok(t, "volume", "import", raw, "sys"))
	assert.Equal(t, "PUT /v1/volumes/sys/content?format=raw", h.Asked()[0])
	ok(t, "volume", "import", written(t, "disk", []byte("QFI\xfbrest")), "other")
	assert.Equal(t, "PUT /v1/volumes/other/content?format=qcow2", h.Asked()[1])
	assert.Equal(t, int64(len(image)), parsed[wire.Volume](t, "volume", "import", raw, "third", "--format", "qcow2").Size)

	to := filepath.Join(dir, "out.img")
	assert.Equal(t, to+": 192 KiB, raw\n", ok(t, "volume", "export", "sys", to))
	back, err := os.ReadFile(to)
	require.NoError(t, err)
	assert.Equal(t, image, back)
	assert.Equal(t, "some data", ok(t, "volume", "export", "data", "-"))
	to = filepath.Join(dir, "out.qcow2")
	assert.Equal(t, object{"name": "data", "file": to, "format": "qcow2", "bytes": 13.0}, parsed[object](t, "volume", "export", "data", to))

	status, _, _ := tool(t, "volume", "export", "lost", filepath.Join(dir, "lost.img"))
	assert.Equal(t, exitFailure, status)
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing half-made stays: %v", left)
}

func TestCreate(t *testing.T) {
	h := running(t)
	dir := t.TempDir()
	kernel, large := mkkernel.Plain().Bytes(), strings.Repeat("files ", 100_000)
	for name, text := range map[string]string{
		"kernel": string(kernel), "files.cpio": large,
		"one.cfg": "name = 'one'\nkernel = 'kernel'\nramdisk = 'files.cpio'\nmemory = 8 * 8\n", "two.cfg": "name = 'two'\nkernel = 'kernel'\nmemory = 32\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	one, two := filepath.Join(dir, "one.cfg"), filepath.Join(dir, "two.cfg")
	assert.Equal(t, "one: running, domain 3\n", ok(t, "create", one))
	assert.Equal(t, slim.Kernel(kernel), []byte(h.Sent("one", wire.PartKernel)))
	assert.Equal(t, large, h.Sent("one", wire.PartRamdisk))
	assert.Contains(t, h.Sent("one", wire.PartConfig), "memory = 64\n", "it has been evaluated")
	made := parsed[[]wire.Domain](t, "create", two)
	require.Len(t, made, 1)
	assert.Equal(t, "two", made[0].Name)
	status, _, stderr := tool(t, "create", one)
	assert.Equal(t, exitFailure, status)
	assert.Equal(t, "tuco: "+one+": the guest \"one\" exists\n", stderr)

	// A large file is sent packed.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "huge"), make([]byte, sentLoose+1), 0o644))
	three := filepath.Join(dir, "three.cfg")
	require.NoError(t, os.WriteFile(three, []byte("name = 'three'\nkernel = 'kernel'\nramdisk = 'huge'\nmemory = 32\n"), 0o644))
	ok(t, "create", three)
	sent := h.Sent("three", wire.PartRamdisk)
	r, err := pack.NewReader(strings.NewReader(sent), int64(len(sent)))
	require.NoError(t, err)
	assert.EqualValues(t, sentLoose+1, r.Size())
}

func TestHosts(t *testing.T) {
	h := running(t)
	assert.Regexp(t, `(?m)^`+h.Address+` +[0-9]+ +20.* /the/logs$`, ok(t, "hosts"))
	list := ok(t, "hosts", "--json")
	assert.NotContains(t, list, fakehost.Token)
	assert.Contains(t, list, `"address": "`+h.Address+`"`)
}

func TestNoHost(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv(tokenVariable, "")
	status, stdout, stderr := tool(t, "ps")
	assert.Equal(t, exitFailure, status)
	assert.Empty(t, stdout)
	assert.Equal(t, "tuco: no host is running here: tuco up GUEST.cfg starts one, --host ADDRESS:PORT names one elsewhere, --wait 1m waits for one\n", stderr)
	status, _, _ = tool(t, "ps", "--wait", "1ms")
	assert.Equal(t, exitFailure, status)
	status, stdout, _ = tool(t, "hosts", "--json")
	assert.Zero(t, status)
	assert.Equal(t, "[]\n", stdout)
}

func TestHostThatDoesNotAnswer(t *testing.T) {
	const address = "127.0.0.1:1" // nobody's
	record(t, address)
	for _, args := range [][]string{{"ps"}, {"ps", "--wait", "1ms"}} {
		status, _, stderr := tool(t, args...)
		assert.Equal(t, exitFailure, status)
		assert.Contains(t, stderr, "tuco: the host does not answer at "+address+": ")
		assert.Contains(t, stderr, ": it is still starting (--wait 1m waits for it), or its control domain has ended: see /the/logs\n")
	}
	_, _, stderr := tool(t, "ps", "--host", address, "--token", "x")
	assert.Contains(t, stderr, ": is the address right?")
}

// A host that comes while somebody waits is found.
func TestWait(t *testing.T) {
	h := fakehost.Start(t)
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv(tokenVariable, "")
	said := make(chan int, 1)
	go func() {
		status, _, _ := tool(t, "ps", "--wait", "5m")
		said <- status
	}()
	time.Sleep(2 * retry)                                                  // the other order is right as well
	gone, err := hosts.Add(hosts.Host{Address: "127.0.0.1:1", Token: "x"}) // a host that ends, and answers no more
	require.NoError(t, err)
	defer gone.Close()
	time.Sleep(2 * retry)
	r, err := hosts.Add(hosts.Host{Address: h.Address, Token: fakehost.Token})
	require.NoError(t, err)
	defer r.Close()
	assert.Zero(t, <-said)
}

func TestWrongToken(t *testing.T) {
	h := running(t)
	for _, args := range [][]string{{"ps", "--token", "x"}, {"ps", "--host", h.Address, "--token", "x"}} {
		status, _, stderr := tool(t, args...)
		assert.Equal(t, exitFailure, status)
		assert.Equal(t, "tuco: the host refuses the token: the token is wrong: give its own by --token or TUCO_TOKEN\n", stderr)
	}
	t.Setenv(tokenVariable, fakehost.Token)
	ok(t, "ps", "--host", h.Address)
}

func TestWrongUsageOfARunningHost(t *testing.T) {
	running(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kernel": string(mkkernel.Plain().Bytes()), "good.cfg": "name = 'g'\nkernel = 'kernel'\nmemory = 32\n", "bad.cfg": "name = 'g'\nkernel = 'kernel'\nmemry = 8\nmemory = 32\n",
		"lost.cfg": "name = 'g'\nkernel = 'lost'\nmemory = 32\n",
		"empty":    "", "disk.vmdk": "KDMV\x01",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for _, test := range []struct{ args, want string }{
		{"ps --host somewhere", "--host somewhere: want ADDRESS:PORT, such as 127.0.0.1:8007"},
		{"ps --host 127.0.0.1:1", "--host 127.0.0.1:1 needs the host's token"},
		{"ps web", "too few or too many arguments (web): write tuco ps [flags]"},
		{"pause", "an argument is missing: write tuco pause NAME… [flags]"},
		{"info a b", "too few or too many arguments (a b): write tuco info [NAME] [flags]"},
		{"console", "an argument is missing: write tuco console NAME [flags]"},
		{"daemon restrat block", `unknown command "restrat" for "tuco daemon"; did you mean restart? (see tuco daemon --help)`},
		{"top -n -1", "top: want --interval above 0, and -n not below"},
		{"top --interval 0s", "top: want --interval above 0"},
		{"daemon", "daemon needs to know what to do (see tuco daemon --help)"},
		{"volume", "volume needs to know what to do (see tuco volume --help)"},
		{"volume create a much", `"much" is no size: want one such as 512M or 8G`},
		{"volume create a 0", `"0" is no size`},
		{"volume snapshot data", "want VOLUME@SNAPSHOT, such as web@monday"},
		{"volume import DIR/nothing a", "no such file or directory"},
		{"volume import DIR a", "is no file that could be sent"},
		{"volume import DIR/empty a", "empty is empty: tuco volume create a SIZE makes a volume with nothing in it"},
		{"volume import DIR/disk.vmdk a", "disk.vmdk is a VMDK image: qemu-img convert -O qcow2 "},
		{"volume create a -5M", "unknown shorthand flag: '5' in -5M (see tuco volume create --help)"},
		{"volume import DIR/kernel a --format vmdk", "--format vmdk: want raw or qcow2"},
		{"volume export data DIR/nowhere/file", "no such file or directory"},
		{"create", "an argument is missing: write tuco create FILE.cfg… [flags]"},
		{"create DIR/nothing.cfg", "no such file or directory"},
		{"create DIR/bad.cfg", `bad.cfg:3: unknown key "memry" (did you mean memory?)`},
		{"create DIR/lost.cfg", "lost.cfg:2: kernel: open "},
		{"create DIR/good.cfg DIR/good.cfg", `has a guest "g" already; give this one another name`},
		{"create DIR/good.cfg DIR/good.cfg -c", "--console is for one guest"},
	} {
		t.Run(test.args, func(t *testing.T) {
			status, stdout, stderr := tool(t, strings.Fields(strings.ReplaceAll(test.args, "DIR", dir))...)
			assert.Equal(t, exitUsage, status, "%s", stderr)
			assert.Contains(t, stderr, test.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %q", stderr)
			assert.Empty(t, stdout)
		})
	}
}

func TestCompletion(t *testing.T) {
	running(t)
	for args, want := range map[string]string{
		"pause ":             "client\nweb\n",
		"pause web ":         "client\n",
		"console web ":       "",
		"info ":              "client\nweb\n",
		"volume delete ":     "data\n",
		"volume clone ":      "data\n",
		"volume clone data ": "",
		"volume export ":     "data\n",
		"daemon restart ":    "block\nconsole\nnetwork\nstore\n",
		"daemon restart b":   "block\n",
		"volume sn":          "snapshot\tKeep what a volume has now, at once, whatever its size\n",
	} {
		out := ok(t, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		names, _, found := strings.Cut(out, ":4\n")
		require.True(t, found, "%s: %s", args, out)
		assert.Equal(t, want, names, args)
	}
	assert.Contains(t, ok(t, "completion", "bash"), "bash completion V2 for tuco")

	t.Setenv("XDG_RUNTIME_DIR", t.TempDir()) // no host
	assert.Equal(t, ":4\n", ok(t, "__complete", "pause", ""))
}

// On a terminal a slow step shows how far it is, and takes that away; what it prints in the end is elsewhere.
func TestProgressOnATerminal(t *testing.T) {
	running(t)
	image := written(t, "disk.img", make([]byte, 1<<20))
	master, slave, err := host.OpenPTY()
	require.NoError(t, err)
	defer master.Close()
	var out strings.Builder
	assert.Zero(t, run([]string{"volume", "import", image, "sys"}, os.Stdin, &out, slave))
	assert.Equal(t, "sys: 1 MiB\n", out.String())
	slave.Close()
	said, _ := io.ReadAll(master) // it ends with an error: nobody has the other end any more
	assert.Contains(t, string(said), "sys  [========================] 100 %  1 MiB of 1 MiB")
	assert.True(t, strings.HasSuffix(string(said), "\r\x1b[K"), "%q", said)
}
