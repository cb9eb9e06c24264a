package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// heard is output that can be waited for.
type heard struct {
	mu   sync.Mutex
	cond *sync.Cond
	text bytes.Buffer
}

func newHeard() *heard {
	h := &heard{}
	h.cond = sync.NewCond(&h.mu)
	return h
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.cond.Broadcast()
	return h.text.Write(p)
}

// await waits for a text.
func (h *heard) await(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !strings.Contains(h.text.String(), text) {
		h.cond.Wait()
	}
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// attached runs the tool on a console, with an input, until the returned function has its status.
func attached(stdin *os.File, args ...string) (out, errs *heard, wait func() int) {
	out, errs = newHeard(), newHeard()
	status := make(chan int, 1)
	go func() { status <- run(args, stdin, out, errs) }()
	return out, errs, func() int { return <-status }
}

// On a terminal: history first, then what is typed comes back from the guest's echo, and Ctrl-] leaves.
func TestConsoleOnATerminal(t *testing.T) {
	running(t)
	master, slave, err := host.OpenPTY()
	require.NoError(t, err)
	defer master.Close()
	defer slave.Close()
	out, errs, wait := attached(slave, "console", "web")
	out.await("web: ready\n")
	errs.await("tuco: this is the console of web; Ctrl-] leaves it\r\n")
	io.WriteString(master, "hello\x03")
	out.await("web: ready\nhello\x03")
	io.WriteString(master, "\x1d")
	assert.Zero(t, wait())
	errs.await("left the console; the guest goes on")
	assert.Equal(t, "web: ready\nhello\x03", out.String())
}

// With a pipe: it is typed, the output goes on, and the guest's end is the command's.
func TestConsoleWithAPipe(t *testing.T) {
	h := running(t)
	in, typist, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	out, errs, wait := attached(in, "console", "web")
	io.WriteString(typist, "ls\n")
	typist.Close()
	out.await("web: ready\nls\n")
	ok(t, "destroy", "web")
	assert.Zero(t, wait())
	errs.await("the console of web has ended")
	assert.Equal(t, []string{"DELETE /v1/domains/web"}, h.Asked())
}

func TestConsoleHistory(t *testing.T) {
	running(t)
	assert.Equal(t, "web: ready\n", ok(t, "console", "web", "--history"))
	assert.Equal(t, object{"name": "web", "text": "web: ready\n"}, parsed[object](t, "console", "web"))
	for _, args := range [][]string{{"console", "wb"}, {"console", "wb", "--history"}} {
		status, _, stderr := tool(t, args...)
		assert.Equal(t, exitFailure, status)
		assert.Equal(t, "tuco: there is no guest \"wb\"; did you mean web?\n", stderr)
	}
}

func TestCreateWithConsole(t *testing.T) {
	h := running(t)
	in, typist, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	defer typist.Close()
	ok(t, "destroy", "web")
	out, errs, wait := attached(in, "create", "-c", guestFile(t, "memory = 32\n"))
	out.await("web: running, domain 2\n")
	io.WriteString(typist, "hello\n")
	out.await("domain 2\nhello\n")
	ok(t, "destroy", "web")
	assert.Zero(t, wait())
	errs.await("the console of web has ended")
	assert.Equal(t, []string{"DELETE /v1/domains/web", "POST /v1/domains", "DELETE /v1/domains/web"}, h.Asked())
}

func TestInterruptedConsole(t *testing.T) {
	running(t)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "console", "web")
	cmd.Env = append(os.Environ(), asTool+"=1")
	out, errs := newHeard(), newHeard()
	cmd.Stdout, cmd.Stderr = out, errs
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	require.NoError(t, cmd.Start())
	out.await("web: ready\n")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	cmd.Wait()
	assert.Equal(t, exitInterrupt, cmd.ProcessState.ExitCode())
	assert.Equal(t, "tuco: interrupted\n", errs.String())
}
