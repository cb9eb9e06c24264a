//go:build boot

package qemutests

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/tools/tuco/bench"
)

// complaintsOnXen are all that stock Linux complains of as a guest of Debian's Xen, with one vCPU, a disk, a network and the store, on QEMU's EPYC: found by TestOnXenLinuxGuest, which
// sees to it that each is still said there, with Xen 4.17.7 and Linux 6.1.0-56 on 26 November 2026.
var complaintsOnXen = []string{
	"AMD Zen1 FPDSS bug detected, enabling mitigation.",
	"AMD Zen1 DIV0 bug detected. Disable SMT for full protection.",
	"Speculative Return Stack Overflow: WARNING: See https://kernel.org/doc/html/latest/admin-guide/hw-vuln/srso.html for mitigation options.",
	"AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.",
}

// guestComplaints gives what a Linux complains of that is a guest, of all that is on domain 0's console. Its init has the kernel show warnings, and what is worse.
func guestComplaints(guest, console string) []string {
	return complaints(bench.ConsoleOf(guest, console))
}

// starved matches what Linux says when its CPUs have stood still for 20 seconds, as they do where the emulator has a twentieth of a CPU to itself; and traces, which come after a line
// that says what is wrong.
var starved = regexp.MustCompile(`^watchdog: BUG: soft lockup|^Call Trace:|^ `)

// requireNoOtherComplaints requires that a guest complains of nothing on Tuco that it doesn't complain of on Xen.
func requireNoOtherComplaints(t *testing.T, guest, console string) {
	t.Helper()
	for _, line := range guestComplaints(guest, console) {
		if !starved.MatchString(line) {
			assert.Contains(t, complaintsOnXen, line, "Linux complains on Tuco, and not on Xen")
		}
	}
}
