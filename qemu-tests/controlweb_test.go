//go:build boot

package qemutests

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// A site is a web guest as it is seen from outside of the machine. Its methods ask until they get an answer.
type site struct {
	t    *testing.T
	base string
}

// ask makes a request until there is an answer that is good enough, and gives it.
func (s *site) ask(method, path, body string, good func(status int, answer string) bool) (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for last := "nobody answers"; ; {
		request, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
		if err != nil {
			return "", err
		}
		if answer, err := client.Do(request); err != nil {
			last = err.Error()
		} else {
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err == nil && good(answer.StatusCode, string(text)) {
				return string(text), nil
			}
			last = fmt.Sprintf("%s %q", answer.Status, text)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("%s %s: %s", method, path, last)
		}
	}
}

// start waits for the page of a start of the guest with its disk.
func (s *site) start(n int) error {
	_, err := s.ask(http.MethodGet, "/", "", func(_ int, page string) bool { return strings.Contains(page, fmt.Sprintf("start %d of its disk", n)) })
	return err
}

func (s *site) put(name, content string) error {
	_, err := s.ask(http.MethodPut, "/files/"+name, content, func(status int, _ string) bool { return status == http.StatusNoContent })
	return err
}

func (s *site) get(name string) (string, error) {
	return s.ask(http.MethodGet, "/files/"+name, "", func(status int, _ string) bool { return status == http.StatusOK })
}

// A web guest's files are on its disk: they are there when the guest is destroyed and created again, and when the host has been booted again.
func TestWebGuestKeepsFiles(t *testing.T) {
	t.Parallel()
	disk := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(disk, nil, 0o600))
	require.NoError(t, os.Truncate(disk, 64<<20))
	content := strings.Repeat("what is put stays. ", 10_000)
	check := func(s *site, name string) error {
		got, err := s.get(name)
		if err == nil && got != content {
			err = fmt.Errorf("%s has %d bytes that are not those that were put", name, len(got))
		}
		return err
	}
	for _, visit := range []func(s *site, keys io.Writer) error{
		func(s *site, keys io.Writer) error {
			if err := s.start(1); err != nil {
				return err
			}
			if err := s.put("first", content); err != nil {
				return err
			}
			if _, err := io.WriteString(keys, "destroy web\rcreate web\r"); err != nil {
				return err
			}
			if err := s.start(2); err != nil {
				return err
			}
			if err := check(s, "first"); err != nil {
				return err
			}
			return s.put("second", content)
		},
		func(s *site, _ io.Writer) error {
			if err := s.start(3); err != nil {
				return err
			}
			if err := check(s, "first"); err != nil {
				return err
			}
			return check(s, "second")
		},
	} {
		visitWeb(t, disk, visit)
	}
}

// visitWeb boots a host with a web guest whose volume is on a disk, and another guest, for which the host goes on when that is destroyed, calls a function when it listens, and then asks them to power off.
func visitWeb(t *testing.T, disk string, visit func(s *site, keys io.Writer) error) {
	t.Helper()
	outside := freePort(t)
	spec := controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"web":   "memory = 96\nkernel = 'web.elf'\nextra = 'ip=10.77.0.10/24,10.77.0.1'\nvif = ['ip=10.77.0.10']\ndisk = ['vol:web,xvda,w']",
		"asker": "memory = 96\nkernel = 'asker.elf'\nextra = 'ip=10.77.0.11/24,10.77.0.1 url=http://10.77.0.10/'\nvif = ['ip=10.77.0.11']",
	}, filepath.Join(programDir, "web.elf"), filepath.Join(programDir, "asker.elf"))
	spec.Dom0.Args = "forward=8080:web:80 volume=web:8"
	spec.ExtraArgs = []string{
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:8080", outside), "-device", "virtio-net-pci,netdev=net",
		"-drive", "if=none,id=disk,format=raw,file=" + disk, "-device", "virtio-blk-pci,drive=disk",
	}
	keys := newKeyboard()
	visited := make(chan error, 1)
	o := boot(t, spec, typing(keys), watching(&watcher{
		enough: func(seen string) bool { return strings.Contains(seen, "web: start ") },
		act: func() {
			go func() {
				visited <- visit(&site{t, fmt.Sprintf("http://127.0.0.1:%d", outside)}, keys.keys)
				_, _ = io.WriteString(keys.keys, "shutdown web\rshutdown asker\r")
			}()
		},
	}))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	require.NoError(t, <-visited, "%s", o.Console)
	assert.Contains(t, o.Console, "web: asked to power off")
}
