package main

import (
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/power"
	"tuco/kernel/selftest"
)

// prepareTests gets ready for the self-test, before the other CPUs go on.
func prepareTests(cpu *percpu.CPU) {
	selftest.Prepare(cpu, &selftest.Machine{
		Frames: &machine.RAM, Host: &host, Probed: &probed,
		ImageStart: handoff.SelftestStart, ImageEnd: handoff.SelftestEnd,
	})
}

// testSelf does this CPU's share of the self-test. The boot CPU ends the machine.
func testSelf(cpu *percpu.CPU) {
	selftest.Run(cpu)
	if cpu.ID != 0 {
		return
	}
	if !selftest.Finish(cpu) {
		power.Failed([]byte("the self-test failed"))
	}
	if !options.Stay {
		power.Off()
	}
}
