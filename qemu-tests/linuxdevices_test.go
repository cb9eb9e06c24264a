//go:build boot

package qemutests

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// Devices interrupt Linux: a PCI card by a level, the clock by an edge.
func TestLinuxDevices(t *testing.T) {
	t.Parallel()
	requireDevices(t, host.Spec{})
}

// requireDevices boots Linux on a machine with a serial card, and has it use that, and the clock's alarm.
func requireDevices(t *testing.T, spec host.Spec) {
	t.Helper()
	card := filepath.Join(t.TempDir(), "card")
	spec.CPUs, spec.Dom0 = 2, linuxDomain0(t, "")
	spec.ExtraArgs = []string{"-chardev", "file,id=card,path=" + card, "-device", "pci-serial,chardev=card"}

	// What is typed appears too: so the words that are waited for are not typed as they are.
	keys := newKeyboard()
	send := keys.when("\n$ ", "(seq 1 2000; grep ttyS0 /proc/interrupts >&2) >/dev/ttyS0; echo all was se''nt\r")
	wake := keys.when("all was sent", "echo +1 >/sys/class/rtc/rtc0/wakealarm; sleep 3; grep rtc0 /proc/interrupts; echo all was sho''wn\r")
	leave := keys.when("all was shown", "exit\r")
	outcome := boot(t, spec, within(linuxPatience), typing(keys), watching(io.MultiWriter(send, wake, leave)))
	require.Equal(t, host.PoweredOff, outcome.End, "%v", outcome)

	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&want, "%d\r\n", i+1)
	}
	got, err := os.ReadFile(card)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got), "what the card has sent")
	// One for every 16 bytes, but the emulated card is fast: often there is room for more at once.
	assert.Positive(t, interrupts(t, outcome, "ioapic-level", "ttyS0"))
	assert.Equal(t, 1, interrupts(t, outcome, "ioapic-edge", "rtc0"))
	assert.NotContains(t, outcome.Console, "nobody cared")
}

// interrupts is how many of a device Linux has counted, on all CPUs.
func interrupts(t *testing.T, outcome *host.Outcome, kind, device string) (sum int) {
	t.Helper()
	// The shell's prompt may come behind what was typed already.
	line := regexp.MustCompile(`(?m)^(?:\$)? *\d+:((?: +\d+)+)  xen-pirq +-` + kind + ` +` + device + `\r?$`)
	found := line.FindStringSubmatch(outcome.Console)
	require.NotNil(t, found, "Linux shows no interrupt %s of %s", kind, device)
	for _, field := range strings.Fields(found[1]) {
		n, err := strconv.Atoi(field)
		require.NoError(t, err)
		sum += n
	}
	return sum
}
