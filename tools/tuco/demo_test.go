package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/mkkernel"
	"tuco/tools/tuco/host"
)

// runningDemo runs the demo with an emulator that is a script, until that ends.
func runningDemo(ctx context.Context, t *testing.T, script string, stdin *os.File) (stdout, stderr string, err error) {
	t.Helper()
	dir := t.TempDir()
	kernel := filepath.Join(dir, "kernel")
	require.NoError(t, os.WriteFile(kernel, mkkernel.Plain().Bytes(), 0o644))
	for _, name := range demoGuests {
		text := fmt.Sprintf("name = %q; kernel = 'kernel'; memory = 32; vif = ['']", name)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".cfg"), []byte(text), 0o644))
	}
	d := demo{guests: dir, up: upFlags{
		memory: "1G", control: kernel, logDir: filepath.Join(dir, "logs"), spec: host.Spec{Image: fakeQEMU(t, script), Emulator: host.QEMU, CPUs: 2},
		manage: manageFlags{address: noAPI},
	}}
	d.up.devices.disk = filepath.Join(dir, "new", "disk")
	var out, errs strings.Builder
	cmd := &cobra.Command{RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd, stdin) }}
	cmd.SetArgs(nil)
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	err = cmd.ExecuteContext(ctx)
	info, bad := os.Stat(d.up.devices.disk)
	require.NoError(t, bad)
	assert.Equal(t, int64(host.GiB), info.Size())
	return out.String(), errs.String(), err
}

// Without a terminal the host runs on when there is no more input.
func TestDemoWithoutTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	stdout, stderr, err := runningDemo(t.Context(), t, `printf "tuco 1\r\n(TUCO) console: now domain 0's\r\n"
sleep 0.3; echo "still there, $*"; printf "(TUCO) tuco: power off\r\n"`, null)
	require.NoError(t, err, "%s", stderr)
	assert.Regexp(t, `still there, .*hostfwd=tcp:127\.0\.0\.1:\d+-10\.0\.2\.15:\d+`, stdout)
	assert.Contains(t, stderr, "powered off")
}

// A signal, which is the end of the context, is no failure.
func TestDemoEndsBySignal(t *testing.T) {
	ctx, signal := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer signal()
	_, stderr, err := runningDemo(ctx, t, "exec sleep 1000", nil)
	require.NoError(t, err, "%s", stderr)
	assert.Contains(t, stderr, "tuco: ended by the user")
	assert.NotContains(t, stderr, "the end of the log")
}

func TestFreePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	_, err = freePort(taken)
	assert.ErrorContains(t, err, "address already in use")
	port, err := freePort(0)
	require.NoError(t, err)
	assert.Positive(t, port)
	_, err = freePort(65536)
	assert.ErrorContains(t, err, "65536: want 1 to 65535")
}

// shared is a text that several write and read.
type shared struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// The guide speaks when the web server answers, and says the rest when there is a shell too, whichever comes first.
func TestGuide(t *testing.T) {
	for _, shellFirst := range []bool{true, false} {
		refusals := 2
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if refusals--; refusals >= 0 {
				http.Error(w, "not yet", http.StatusServiceUnavailable)
			}
		}))
		defer server.Close()
		g := &guide{url: server.URL + "/", disk: "DISK", logs: "LOGS"}
		var screen shared
		to := g.before(&screen)
		write := func(text string) {
			_, err := to.Write([]byte(text))
			require.NoError(t, err)
		}
		write("web: hello\r\nli")
		if shellFirst {
			write("nux: This is a shell in the guest: ls\r\nand")
		}
		g.ask(context.Background(), time.Now())
		assert.Regexp(t, `(?m)^tuco: web answers at `+server.URL+`/, \d+\.\d s after QEMU's start$`, screen.String())
		assert.Equal(t, shellFirst, strings.Contains(screen.String(), "Ctrl-] ends the host"))
		if !shellFirst {
			write("nux: This is a shell in the guest: ls\r\nlinux: and more\r\n")
		}
		assert.Equal(t, 1, strings.Count(screen.String(), "curl "+server.URL+"/\n"), "it is said once")
		assert.Contains(t, screen.String(), "The host's disk is DISK; its logs are in LOGS.\nCtrl-] ends the host.\n")
	}
}

// A demo that ends does not ask for ever.
func TestGuideEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := &guide{url: "http://127.0.0.1:1/"}
	g.ask(ctx, time.Now())
	assert.False(t, g.told)
}
