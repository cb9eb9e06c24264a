//go:build boot && long

package qemutests

import (
	"testing"

	"tuco/tools/tuco/host"
)

func TestGoTimeOnVCPUs(t *testing.T) {
	testGo(t, []string{"time"}, "--short", "--cpus", "4")
}

func TestGoStressOnVCPUsForAMinute(t *testing.T) {
	runStressOnVCPUs(t, host.Spec{}, 4, 60)
}
