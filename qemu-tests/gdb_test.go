//go:build boot

package qemutests

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// In each emulator gdb can stop the hypervisor at a function, look at it, and let it go on. The test speaks gdb's
// protocol itself: gdb is not among the programs that tests need.
func TestDebugger(t *testing.T) {
	t.Parallel()
	symbols, err := host.LoadSymbols(image)
	require.NoError(t, err)
	for name, spec := range map[string]host.Spec{
		"qemu":  {Emulator: host.QEMU, CPUs: 2},
		"bochs": {Emulator: host.Bochs, CPUs: 1}, // with more it misses a breakpoint now and then
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stop, ok := symbols.Address("tuco/kernel/crash.provokeBounds")
			require.True(t, ok)
			spec.Debug, spec.GDBPort, spec.Append = true, freePort(t), "crash=bounds"
			session := make(chan error, 1)
			go func() { session <- debugSession(spec.GDBAddress(), stop) }()
			outcome := boot(t, spec)
			require.NoError(t, <-session)
			assert.Equal(t, host.Crashed, outcome.End, "%v", outcome)
		})
	}
}

func freePort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// debugSession runs a machine up to an address, checks where it is, and lets it go.
func debugSession(address string, stop uint64) error {
	var connection net.Conn
	var err error
	for range 100 {
		if connection, err = net.Dial("tcp", address); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	defer connection.Close()
	reader := bufio.NewReader(connection)
	ask := func(packet string) (string, error) {
		var sum byte
		for i := range len(packet) {
			sum += packet[i]
		}
		if _, err := fmt.Fprintf(connection, "$%s#%02x", packet, sum); err != nil {
			return "", err
		}
		if _, err := reader.ReadString('$'); err != nil {
			return "", err
		}
		answer, err := reader.ReadString('#')
		if err != nil {
			return "", err
		}
		if _, err := io.CopyN(io.Discard, reader, 2); err != nil {
			return "", err
		}
		_, err = io.WriteString(connection, "+")
		return strings.TrimSuffix(answer, "#"), err
	}
	for _, step := range []struct {
		packet string
		right  func(answer string) bool
	}{
		{"?", func(answer string) bool { return strings.HasPrefix(answer, "T05") }},
		{fmt.Sprintf("Z1,%x,1", stop), func(answer string) bool { return answer == "OK" }},
		{"c", func(answer string) bool { return strings.HasPrefix(answer, "T05") }},
		{"g", func(answer string) bool {
			registers, err := hex.DecodeString(strings.ReplaceAll(answer, "x", "0"))
			const rip = 16 * 8
			return err == nil && len(registers) >= rip+8 && binary.LittleEndian.Uint64(registers[rip:]) == stop
		}},
		{fmt.Sprintf("m%x,4", stop), func(answer string) bool { return len(answer) == 8 && answer != "00000000" }},
		{fmt.Sprintf("z1,%x,1", stop), func(answer string) bool { return answer == "OK" }},
		{"D", func(answer string) bool { return answer == "OK" }},
	} {
		answer, err := ask(step.packet)
		if err != nil {
			return fmt.Errorf("%s: %w", step.packet, err)
		}
		if !step.right(answer) {
			return fmt.Errorf("%s was answered by %q", step.packet, answer)
		}
	}
	return nil
}
