//go:build boot

package qemutests

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
)

// A user is somebody at a shell, whose hosts are nobody else's.
type user struct {
	t    *testing.T
	tool string
	env  []string
}

func newUser(t *testing.T) *user {
	tool, err := filepath.Abs("../out/tuco")
	require.NoError(t, err)
	return &user{t, tool, append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "TUCO_TOKEN=")}
}

// command is the tool with arguments, which does not outlive the test.
func (u *user) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(u.t.Context(), u.tool, args...)
	c.Env = u.env
	return c
}

// run runs a command, and gives its status and what it says.
func (u *user) run(args ...string) (status int, stdout, stderr string) {
	u.t.Helper()
	var out, errs bytes.Buffer
	c := u.command(args...)
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	require.NotNil(u.t, c.ProcessState, "%v", err)
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// does runs a command that must succeed.
func (u *user) does(args ...string) string {
	u.t.Helper()
	status, stdout, stderr := u.run(args...)
	require.Zero(u.t, status, "tuco %v: %s", args, stderr)
	return stdout
}

// refused runs a command that the host must refuse, for some reason.
func (u *user) refused(why string, args ...string) {
	u.t.Helper()
	status, _, stderr := u.run(args...)
	assert.Equal(u.t, 1, status, "tuco %v: %s", args, stderr)
	assert.Contains(u.t, stderr, why)
}

// told runs a command with --json, and reads what it tells.
func told[T any](u *user, args ...string) (what T) {
	u.t.Helper()
	text := u.does(append(args, "--json")...)
	require.NoError(u.t, json.Unmarshal([]byte(text), &what), "%s", text)
	return what
}

// up boots a host, which down has to end.
func (u *user) up(args ...string) (down func()) {
	dir := logDir(u.t)
	var said bytes.Buffer
	host := u.command(append([]string{"up", "--headless", "--keep", "--timeout", patience.String(), "--log-dir", dir}, args...)...)
	host.Stdout, host.Stderr = &said, &said
	require.NoError(u.t, host.Start())
	ended := false
	u.t.Cleanup(func() {
		if !ended {
			host.Process.Kill()
			host.Wait()
		}
		if u.t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "dom0.console.log"))
			u.t.Logf("%s\n%s", said.String(), log)
		}
	})
	return func() {
		u.t.Helper()
		u.does("down")
		require.NoError(u.t, host.Wait(), "%s", said.String())
		ended = true
	}
}

// A conversation is a console that somebody is at.
type conversation struct {
	t     *testing.T
	in    io.WriteCloser
	out   io.Reader
	said  strings.Builder
	heard int // of what was said
	wait  func() error
}

func (u *user) converse(name string) *conversation {
	c := u.command("console", name)
	in, err := c.StdinPipe()
	require.NoError(u.t, err)
	out, err := c.StdoutPipe()
	require.NoError(u.t, err)
	require.NoError(u.t, c.Start())
	return &conversation{t: u.t, in: in, out: out, wait: c.Wait}
}

// expect waits until the guest has said something, after what was expected before.
func (c *conversation) expect(what string) {
	c.t.Helper()
	var some [512]byte
	for {
		if i := strings.Index(c.said.String()[c.heard:], what); i >= 0 {
			c.heard += i + len(what)
			return
		}
		n, err := c.out.Read(some[:])
		c.said.Write(some[:n])
		require.NoError(c.t, err, "it never said %q, but\n%s", what, c.said.String())
	}
}

func (c *conversation) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.in, text)
	require.NoError(c.t, err)
}

// end waits for the console's end.
func (c *conversation) end() {
	c.t.Helper()
	rest, err := io.ReadAll(c.out)
	c.said.Write(rest)
	require.NoError(c.t, err)
	require.NoError(c.t, c.wait(), "%s", c.said.String())
}

// All that a user does with a running host, by commands: guests are made, looked at, spoken with, stopped and ended; volumes come from files and go to files.
func TestCommands(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o644))
		return path
	}
	kernel, err := filepath.Abs(filepath.Join(programDir, "hello.elf"))
	require.NoError(t, err)
	guest := func(name string) string {
		return file(name+".cfg", fmt.Appendf(nil, "name = %q\nkernel = %q\nmemory = 16 * 3\nextra = 'lines'\n", name, kernel))
	}
	disk := file("disk", nil)
	require.NoError(t, os.Truncate(disk, 64<<20))
	down := u.up("--cpus", "2", "--memory", "512M", "--control-memory", "96M", "--disk", disk, "--volume", "data=4M")

	h := told[wire.Host](u, "info", "--wait", patience.String())
	assert.Equal(t, 2, h.CPUs)
	assert.Empty(t, told[[]wire.Domain](u, "ps"))

	assert.Regexp(t, `^talk: running, domain 1\n$`, u.does("create", guest("talk")))
	u.refused(`there is a guest "talk" already, running`, "create", filepath.Join(dir, "talk.cfg"))
	list := told[[]wire.Domain](u, "ps")
	require.Len(t, list, 1)
	assert.Equal(t, []any{"talk", "running", 1, int64(48 << 20)}, []any{list[0].Name, list[0].State, list[0].Domain, list[0].Memory})
	c := u.converse("talk")
	c.expect("hello: type something") // of the history, or new
	c.send("one line\n")
	c.expect(`hello: line "one line"`)

	u.does("pause", "talk")
	assert.Equal(t, "paused", told[wire.Domain](u, "info", "talk").State)
	u.refused("is paused", "pause", "talk")
	u.refused("did you mean talk?", "unpause", "tlak")
	u.does("unpause", "talk")
	assert.Equal(t, "console: restarted\n", u.does("daemon", "restart", "console")) // who is at a console stays there
	for _, d := range told[[]wire.Daemon](u, "daemon", "list") {
		if d.Name == "console" || d.Name == "store" {
			assert.Positive(t, d.Clients, "%+v", d)
		}
	}
	c.send("another\n")
	c.expect(`hello: line "another"`)
	assert.Contains(t, u.does("console", "talk", "--history"), `hello: line "one line"`)
	assert.Contains(t, u.does("top", "-n", "1", "--interval", "1ms", "--json"), `"name":"talk"`)
	c.send("\x04") // its end of input, after which it powers off
	c.expect("hello: done")
	c.end()

	u.does("create", guest("short"), guest("long"))
	u.does("destroy", "short", "long")

	image := make([]byte, 1<<20+512)
	for i := range image {
		image[i] = byte(i >> 8)
	}
	u.does("volume", "import", file("image", image), "image")
	u.does("volume", "snapshot", "image@now")
	u.does("volume", "clone", "image@now", "copy")
	u.does("volume", "export", "copy", filepath.Join(dir, "back"))
	back, err := os.ReadFile(filepath.Join(dir, "back"))
	require.NoError(t, err)
	assert.Equal(t, sha256.Sum256(image), sha256.Sum256(back))
	u.does("volume", "delete", "copy", "image@now", "image")
	volumes := told[wire.Volumes](u, "volume", "list").Volumes
	require.Len(t, volumes, 1)
	assert.Equal(t, "data", volumes[0].Name)
	restarts := map[string]int{}
	for _, d := range told[[]wire.Daemon](u, "daemon", "list") {
		restarts[d.Name] = d.Restarts
	}
	assert.Equal(t, map[string]int{"block": 0, "console": 1, "network": 0, "store": 0}, restarts)
	down()
	u.refused("no host is running here", "ps")
}
