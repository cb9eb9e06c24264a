//go:build boot

package qemutests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// demoURL is in the line that tells when the demo's web server has answered first.
var demoURL = regexp.MustCompile(`(?m)^tuco: web answers at (http://127\.0\.0\.1:\d+)/, \d+\.\d s after QEMU's start$`)

// The demo comes up with its three guests on a terminal, says where they are, and ends with the key that it names. How long the web server takes is printed:
// it depends on the machine, and on what else that does.
func TestDemo(t *testing.T) {
	t.Parallel()
	_, err := linuxImage()
	require.NoError(t, err)
	master, slave, err := host.OpenPTY()
	require.NoError(t, err)
	defer master.Close()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "out/tuco", "demo", "--disk", filepath.Join(dir, "disk"), "--log-dir", dir, "--timeout", linuxPatience.String())
	cmd.Dir, cmd.Stdin = "..", slave
	cmd.Env = append(cmd.Environ(), "XDG_RUNTIME_DIR="+dir) // what runs here is not what somebody's commands are meant for
	var said bytes.Buffer
	cmd.Stderr = &said
	visited := make(chan error, 1)
	var screen bytes.Buffer
	guided := &watcher{
		enough: func(seen string) bool {
			screen.Reset()
			screen.WriteString(seen)
			return strings.Contains(seen, "\nCtrl-] ends the host.\n") && strings.Contains(seen, "asker: http://10.77.0.10/: 200 OK")
		},
	}
	guided.act = func() {
		address := demoURL.FindStringSubmatch(screen.String())
		go func() {
			s := &site{t, address[1]}
			err := s.start(1)
			if err == nil {
				err = s.put("readme", "what is put stays")
			}
			visited <- err
			_, _ = master.Write([]byte{0x1d})
		}()
	}
	cmd.Stdout = guided
	require.NoError(t, cmd.Start())
	slave.Close()
	require.NoError(t, cmd.Wait(), "%s\n%s", &screen, &said)
	require.NoError(t, <-visited)
	t.Log(demoURL.FindString(screen.String()))
	assert.Contains(t, said.String(), "tuco: ended by the user")
	for _, line := range []string{"web: start 1 of this disk; 0 files", "linux: This is a shell in the guest"} {
		assert.Contains(t, screen.String(), line)
	}
	requireSmall(t, dir)
}

// What a host's log tells of the memory that is no guest's.
var (
	takenMemory   = regexp.MustCompile(`(?m)^memory: .* (\d+) KiB taken by the hypervisor$`)
	domain0Memory = regexp.MustCompile(`(?m)^domain 0 \(.*\): (\d+) KiB, `)
)

// requireSmall requires that hypervisor and control domain have less than 128 MiB together, by the host's log.
func requireSmall(t *testing.T, logs string) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(logs, "hypervisor.log"))
	require.NoError(t, err)
	sum := 0
	for _, figure := range []*regexp.Regexp{takenMemory, domain0Memory} {
		found := figure.FindSubmatch(log)
		require.NotNil(t, found, "%v in the log:\n%s", figure, log)
		kib, err := strconv.Atoi(string(found[1]))
		require.NoError(t, err)
		sum += kib
	}
	t.Logf("hypervisor and control domain have %d MiB", sum>>10)
	assert.Less(t, sum, 128<<10, "KiB")
}
