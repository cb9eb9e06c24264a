//go:build boot && long

package qemutests

import (
	"testing"

	"tuco/tools/tuco/host"
)

func TestGoStressOnVCPUsForAMinute(t *testing.T) {
	runStressOnVCPUs(t, host.Spec{}, 4, 60)
}
