//go:build boot && long

package qemutests

import (
	"testing"
	"time"

	"tuco/tools/tuco/host"
)

// 50 guests, on one CPU that counts instructions, take minutes to start.
func TestControlFifty(t *testing.T) {
	t.Parallel()
	requireMany(t, 50, 4*host.GiB, 5, within(time.Hour))
}
