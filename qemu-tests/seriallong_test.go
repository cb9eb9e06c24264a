//go:build boot && long

package qemutests

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/control/link"
	"tuco/tools/tuco/host"
)

// Requests go to domain 0 over the second serial port, several at once.
func TestSerialLink(t *testing.T) {
	t.Parallel()
	runSerialLink(t, host.Spec{CPUs: 2})
}

func runSerialLink(t *testing.T, spec host.Spec) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "serial") // short enough for a socket's address
	spec = goProgram(spec, "trial", "serve")
	spec.ExtraArgs = []string{"-serial", "unix:" + socket + ",server=on,wait=off"}
	done := make(chan error, 1)
	go func() { done <- useLink(socket) }()
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.NoError(t, <-done)
	require.Contains(t, outcome.Console, "trial: ok")
}

// useLink has what it sends sent back, over several streams, by one program after the other; and ends the guest.
func useLink(socket string) error {
	for program := range 3 {
		line, err := dialWhenThere(socket)
		if err != nil {
			return err
		}
		dialer, err := link.Connect(line, patience)
		if err != nil {
			return err
		}
		client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return dialer.Dial() }}}
		errs := make(chan error)
		for stream := range 4 {
			go func() { errs <- echoed(client, byte(4*program+stream)) }()
		}
		for range 4 {
			err = errors.Join(err, <-errs)
		}
		if err == nil && program == 2 {
			var answer *http.Response
			if answer, err = client.Post("http://trial/quit", "", nil); err == nil {
				err = answer.Body.Close()
			}
		}
		line.Close() // in the middle of the connection, as a program does that is killed
		if err != nil {
			return err
		}
	}
	return nil
}

func echoed(client http.Client, seed byte) error {
	sent := make([]byte, 2000)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(sent)
	answer, err := client.Post("http://trial/echo", "application/octet-stream", bytes.NewReader(sent))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err == nil && !bytes.Equal(got, sent) {
		err = errors.New("what came back is not what was sent")
	}
	return err
}

// dialWhenThere connects to an emulator's socket, which may not be there yet.
func dialWhenThere(socket string) (net.Conn, error) {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil || time.Now().After(end) {
			return conn, err
		}
	}
}
