//go:build boot

package qemutests

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// A guest's web server is reached by another guest over the switch, and from outside of the machine by a port that is forwarded to it.
// A guest does not reach what listens on the machine's own loopback, which is 10.0.2.2 in QEMU's network, and from which the connection comes that is forwarded.
func TestControlNetwork(t *testing.T) {
	t.Parallel()
	private, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	visitors := make(chan error, 1)
	go func() {
		conn, err := private.Accept()
		if err == nil {
			err = conn.Close()
			visitors <- errors.Join(errors.New("somebody came"), err)
		}
		close(visitors)
	}()
	spec := controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"web": "memory = 96\nkernel = 'httpd.elf'\nextra = 'ip=10.77.0.10/24,10.77.0.1'\nvif = ['ip=10.77.0.10']",
		"asker": "memory = 96\nkernel = 'devices.elf'\nextra = 'address=10.77.0.11/24,10.77.0.1 fetch=http://10.77.0.10/metrics " +
			fmt.Sprintf("closed=10.0.2.2:%d'\nvif = ['ip=10.77.0.11']", private.Addr().(*net.TCPAddr).Port),
	}, devicesGuest, filepath.Join(programDir, "httpd.elf"))
	outside := freePort(t)
	spec.Dom0.Args = "forward=8080:web:80"
	spec.ExtraArgs = []string{
		"-netdev", fmt.Sprintf("user,id=net,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:8080", outside), "-device", "virtio-net-pci,netdev=net",
	}
	keys := newKeyboard()
	answered := make(chan error, 1)
	asked := &watcher{
		enough: func(seen string) bool {
			return (strings.Contains(seen, "asker: devices: ok") || strings.Contains(seen, "asker: devices: failed")) && strings.Contains(seen, "web: httpd: listens on")
		},
		act: func() {
			go func() {
				answered <- fetchPage(outside)
				_, _ = io.WriteString(keys.keys, "destroy web\r")
			}()
		},
	}
	o := boot(t, spec, typing(keys), watching(asked))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	require.NoError(t, <-answered)
	assert.Regexp(t, `(?m)^asker: devices: ok`, o.Console)
	assert.Regexp(t, `(?m)^asker: devices: closed: dial tcp 10.0.2.2:`, o.Console)
	require.NoError(t, private.Close())
	assert.NoError(t, <-visitors, "nobody may come")
	t.Log(o.Console)
}

// fetchPage fetches the web guest's page from outside.
func fetchPage(port int) error {
	client := http.Client{Timeout: patience}
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || len(page) == 0) {
		err = fmt.Errorf("%s, %d bytes", answer.Status, len(page))
	}
	return err
}
