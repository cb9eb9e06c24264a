//go:build boot && long

package qemutests

import (
	"testing"
	"time"

	"tuco/tools/tuco/host"
)

// All of the suite without the stub.
func TestAllGuestsWithoutStub(t *testing.T) {
	runSuite(t, host.Spec{Append: "stub=off"}, " quirk=breakpoints")
}

func TestAllGuestsWithoutStubOnBochs(t *testing.T) {
	runSuite(t, host.Spec{Emulator: host.Bochs, Vendor: host.Intel, Append: "stub=off"}, " quirk=power-line")
}

// A minute of storm, with the stub and without it, and on both makers' processors.
func TestStormForAMinute(t *testing.T) {
	for name, spec := range map[string]host.Spec{
		"stub": {Append: "stub=on", CPUs: 4}, "no-stub": {Append: "stub=off", CPUs: 4},
		"bochs": {Append: "stub=on", CPUs: 2, Emulator: host.Bochs, Vendor: host.Intel},
	} {
		t.Run(name, func(t *testing.T) { runStorm(t, spec, "storm=60000", within(10*time.Minute)) })
	}
}

// A minute of the machine's own time on four processors, in which no timer is late by a millisecond.
func TestStormForAMinuteOfInstructions(t *testing.T) {
	for _, stub := range []string{"stub=on", "stub=off"} {
		t.Run(stub, func(t *testing.T) {
			runStorm(t, host.Spec{Append: stub, CPUs: 4, ICount: true}, stub+" storm=60000 calm=5000 time=instructions", within(90*time.Minute))
		})
	}
}

// Linux with the stub.
func TestLinuxWithStub(t *testing.T) {
	bootLinux(t, host.Spec{Append: "stub=on", CPUs: 4}, load{200, 1024, "poweroff"}, host.PoweredOff, linuxPatience)
}
