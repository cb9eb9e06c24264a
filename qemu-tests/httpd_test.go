//go:build boot

package qemutests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// runHTTP has a web server fetch from itself: with a TCP/IP stack in the guest, the standard library's packages net and
// net/http are as they are.
func runHTTP(t *testing.T, spec host.Spec) {
	spec = goProgram(spec, "httpd", "selftest")
	spec.Dom0.Memory = 128 * host.MiB
	outcome := boot(t, spec)
	require.Equal(t, host.PoweredOff, outcome.End, "%v\n%s", outcome, outcome.Console)
	require.Contains(t, outcome.Console, "httpd: selftest: ok")
}

func TestGoHTTP(t *testing.T) {
	t.Parallel()
	runHTTP(t, host.Spec{})
}
