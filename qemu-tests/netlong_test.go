//go:build boot && long

package qemutests

import "testing"

// The Go distribution's own tests of what stands on sockets, over the guest's loopback.
func TestGoNetwork(t *testing.T) {
	t.Parallel()
	testGo(t, []string{"net", "net/http"}, "--short")
}
