package host

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// speaks is a script's QEMU that answers on the monitor's end, which it has as its third file.
const speaks = `
expect() { read -r line <&3 || exit 8; case "$line" in *"$1"*) ;; *) echo "wants $1: $line" >&2; exit 9;; esac; }
say() { printf '%s\n' "$1" >&3; }
say '{"QMP": {"version": {}, "capabilities": []}}'
expect qmp_capabilities; say '{"return": {}, "id": "qmp_capabilities"}'
expect query-status
`

const (
	runs      = `say '{"return": {"status": "running", "running": true}, "id": "query-status"}'` + "\n"
	resets    = `say '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}'` + "\n"
	powersOff = `say '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}'` + "\n"
	shows     = `expect 'info registers -a'; say '{"return": "CPU#0\r\nRIP=00\r\n", "id": "human-monitor-command"}'` + "\n"
	quits     = `expect quit; say '{"return": {}, "id": "quit"}'` + "\n"
)

func TestMonitor(t *testing.T) {
	for name, test := range map[string]struct {
		script, processors string
		end                End
	}{
		"triple fault":                    {"echo tuco 1\n" + speaks + runs + resets + shows + quits, "CPU#0\nRIP=00\n", Vanished},
		"before anybody listened":         {speaks + `say '{"return": {"status": "shutdown"}, "id": "query-status"}'` + "\n" + shows + quits, "CPU#0\nRIP=00\n", Vanished},
		"told twice":                      {speaks + resets + `say '{"return": {"status": "shutdown"}, "id": "query-status"}'` + "\n" + shows + quits, "CPU#0\nRIP=00\n", Vanished},
		"power off":                       {"echo tuco: power off\n" + speaks + runs + powersOff + quits, "", PoweredOff},
		"reboot, of which it has said so": {"echo tuco: reboot\n" + speaks + runs + resets + shows + quits, "", Rebooted},
		"other events":                    {"echo tuco: power off\n" + speaks + runs + `say '{"event": "RESUME", "timestamp": {"seconds": 1}}'` + "\n" + powersOff + quits, "", PoweredOff},
		"gone in the middle":              {"echo tuco 1\n" + speaks + runs + resets, "", Vanished},
		"no monitor":                      {"echo tuco 1\n", "", Vanished},
		"nonsense":                        {"echo tuco 1\n" + `echo "]" >&3` + "\n", "", Vanished},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, err := fakeRun(t, context.Background(), test.script, Options{})
			require.NoError(t, err)
			assert.Equal(t, test.end, outcome.End, "%v", outcome)
			assert.Equal(t, test.processors, outcome.Processors)
			assert.Empty(t, outcome.Emulator)
			var tail strings.Builder
			require.NoError(t, outcome.WriteTail(&tail, TailLines))
			assert.Equal(t, test.processors != "", strings.Contains(tail.String(), "RIP=00"))
		})
	}
}
