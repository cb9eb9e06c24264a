//go:build boot && long

package qemutests

import "testing"

// 50 power cuts are 51 boots.
func TestControlPowerCutsSoak(t *testing.T) {
	t.Parallel()
	requireCuts(t, 50)
}
