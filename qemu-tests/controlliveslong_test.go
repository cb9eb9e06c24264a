//go:build boot && long

package qemutests

import (
	"testing"
	"time"
)

// 200 lives take many minutes.
func TestControlLivesSoak(t *testing.T) {
	requireLives(t, 200, within(2*time.Hour))
}
