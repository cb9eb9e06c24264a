// Command suite is the test guest with all groups: the command line says which to run.
package main

import (
	"tuco/qemu-tests/guests/calls"
	"tuco/qemu-tests/guests/clock"
	"tuco/qemu-tests/guests/dom0"
	"tuco/qemu-tests/guests/emulation"
	"tuco/qemu-tests/guests/events"
	"tuco/qemu-tests/guests/fatal"
	"tuco/qemu-tests/guests/grants"
	"tuco/qemu-tests/guests/lines"
	"tuco/qemu-tests/guests/memory"
	"tuco/qemu-tests/guests/mm"
	"tuco/qemu-tests/guests/multicall"
	"tuco/qemu-tests/guests/pv"
	"tuco/qemu-tests/guests/rights"
	"tuco/qemu-tests/guests/segments"
	"tuco/qemu-tests/guests/smp"
	"tuco/qemu-tests/guests/start"
	"tuco/qemu-tests/guests/stub"
	"tuco/qemu-tests/guests/traps"
	"tuco/qemu-tests/guests/user"
	"tuco/qemu-tests/guests/vectors"
	"tuco/qemu-tests/guests/ways"
)

func main() {
	pv.Main(
		&start.Group,
		&traps.Group,
		&emulation.Group,
		&segments.Group,
		&user.Group,
		&calls.Group,
		&dom0.Group,
		&events.Group,
		&grants.Group,
		&mm.Group,
		&lines.Group,
		&memory.Group,
		&multicall.Group,
		&clock.Group,
		&fatal.Group,
		&smp.Group,
		&smp.LastGroup,
		&rights.Group,
		&vectors.Group,
		&ways.Group,
		&stub.Group,
	)
}
