package host

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name   string
		in     witnesses
		end    End
		reason string // a part of it
		failed bool
	}{
		{"power off", witnesses{log: "tuco 1\ntuco: power off\n"}, PoweredOff, "", false},
		{"reboot", witnesses{log: "tuco: reboot\n"}, Rebooted, "", false},
		{"reboot, ended by us", witnesses{log: "tuco: reboot\n", lingered: true, status: -1, bochs: true}, Rebooted, "", false},
		{"crash", witnesses{log: "tuco: crashed: nil\n", status: 3}, Crashed, "nil", true},
		{"a control domain's own crash", witnesses{log: "tuco: crashed: domain 0 (Domain-0) crashed\n", status: 3}, Crashed, "domain 0", true},
		{"a control domain that gives up", witnesses{log: "tuco: crashed: domain 0 (Domain-0) crashed\n", status: 3, lastWord: "guest web: no"}, GaveUp, "guest web: no", true},
		{"a power off after a word", witnesses{log: "tuco: power off\n", lastWord: "guest web: no"}, PoweredOff, "", false},
		{"crash in Bochs", witnesses{log: "tuco: crashed: nil\n", status: -1, lingered: true, bochs: true}, Crashed, "nil", true},
		{"halt", witnesses{log: "tuco: halted: no SVM\n", status: 5}, Halted, "no SVM", true},
		{"crash with no log", witnesses{status: 3}, Crashed, "status says crashed", true},
		{"halt with no log", witnesses{log: "tuco 1\n", status: 5}, Halted, "status says halted", true},
		{"triple fault", witnesses{log: "tuco 1\n"}, Vanished, "triple fault", true},
		{"triple fault in Bochs", witnesses{log: "tuco 1\n", status: 1, bochs: true}, Vanished, "triple fault", true},
		{"triple fault at once", witnesses{}, Vanished, "triple fault", true},
		{"power off with a crash's status", witnesses{log: "tuco: power off\n", status: 3}, PoweredOff, "status is 3", true},
		{"power off without effect", witnesses{log: "tuco: power off\n", status: -1, lingered: true}, PoweredOff, "ran on", true},
		{"timeout", witnesses{log: "tuco 1\n", stop: TimedOut, status: -1}, TimedOut, "time was up", true},
		{"timeout after a crash", witnesses{log: "tuco: crashed: x\n", stop: TimedOut, status: -1}, Crashed, "x", true},
		{"quit", witnesses{log: "tuco 1\n", stop: Quit, status: -1}, Quit, "", false},
		{"interrupt", witnesses{stop: Interrupted, status: -1}, Interrupted, "", true},
		{"self-test failed", witnesses{log: "selftest: 3 passed, 1 failed\n", status: 3}, Crashed, "self-test: 1 failed", true},
		{"self-test failed, powered off", witnesses{log: "selftest: 3 passed, 1 failed\ntuco: power off\n"}, PoweredOff, "self-test: 1 failed", true},
		{"refused by QEMU", witnesses{status: 1, emulator: "qemu: bad\n"}, EmulatorFailed, "qemu: bad", true},
		{"died with a status", witnesses{log: "tuco 1\n", status: 1, emulator: "oops"}, EmulatorFailed, "status 1: oops", true},
		{"killed by another", witnesses{log: "tuco 1\n", status: -1, signal: "segmentation fault"}, EmulatorFailed, "segmentation fault", true},
		{"refused by Bochs", witnesses{status: 1, bochs: true, emulator: ">>PANIC<< no ROM"}, EmulatorFailed, "no ROM", true},
		{"triple fault at once in Bochs", witnesses{status: 1, bochs: true, emulator: ">>PANIC<< exception(): 3rd (13) exception with no resolution"}, Vanished, "triple fault", true},
		{"awaited text", witnesses{log: "tuco 1\n", stop: Awaited, status: -1}, Awaited, "", false},
		{"awaited text, after a crash", witnesses{log: "tuco: crashed: x\n", stop: Awaited, status: -1}, Crashed, "x", true},
		{"Xen's halt", witnesses{log: "Hardware Dom0 halted: halting machine\n", lingered: true, status: -1, hypervisor: Xen}, PoweredOff, "", false},
		{"Xen's power off", witnesses{log: "[2026] Preparing system for ACPI S5 state.\n", hypervisor: Xen}, PoweredOff, "", false},
		{"Xen's reboot", witnesses{log: "Hardware Dom0 shutdown: rebooting machine\n", hypervisor: Xen}, Rebooted, "", false},
		{"a crash of Xen's domain 0", witnesses{log: "Hardware Dom0 crashed: 'noreboot' set - not rebooting.\n", lingered: true, status: -1, hypervisor: Xen}, Crashed, "Dom0 crashed", true},
		{"Xen's panic", witnesses{log: "Panic on CPU 0:\n", hypervisor: Xen}, Crashed, "Panic on CPU 0", true},
		{"Xen's triple fault", witnesses{log: "Xen\n", hypervisor: Xen}, Vanished, "triple fault", true},
		{"Xen out of time", witnesses{log: "Xen\n", hypervisor: Xen, stop: TimedOut, status: -1}, TimedOut, "time was up", true},
		{"not Xen's words", witnesses{log: "tuco: power off\n", hypervisor: Xen}, Vanished, "", true},
		{"text that only contains a closing line", witnesses{log: "x tuco: power off\n"}, Vanished, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			end, reason, failed := judge(test.in)
			assert.Equal(t, test.end, end, "%v", end)
			assert.Contains(t, reason, test.reason)
			assert.Equal(t, test.failed, failed)
		})
	}
}

func TestExitCode(t *testing.T) {
	assert.Equal(t, 0, (&Outcome{End: PoweredOff}).ExitCode())
	assert.Equal(t, 1, (&Outcome{End: PoweredOff, Failed: true}).ExitCode())
	assert.Equal(t, 1, (&Outcome{End: Crashed, Failed: true}).ExitCode())
	assert.Equal(t, 124, (&Outcome{End: TimedOut, Failed: true}).ExitCode())
}

func TestSelfTest(t *testing.T) {
	passed, failed, ok := SelfTest("tuco 1\nselftest: 12 passed, 1 failed\ntuco: power off\n")
	assert.True(t, ok)
	assert.Equal(t, []int{12, 1}, []int{passed, failed})
	_, _, ok = SelfTest("selftest: cpu 0 passed, 0 failed\n")
	assert.False(t, ok)
}
