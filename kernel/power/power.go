package power

import (
	"tuco/kernel/acpi"
	"tuco/kernel/klog"
	"tuco/kernel/timer"
	"tuco/kernel/uart"
	"tuco/kernel/x86"
)

// ways is what the firmware says about powering off and resetting.
var ways acpi.Power

// Init takes what the firmware says. Without it, only the ways that need no
// tables are tried.
func Init(p *acpi.Power) { ways = *p }

// patience is how long one way gets before the next is tried, in nanoseconds: an
// emulator on a busy machine may take a while to see what we have written.
const patience = 1_000_000_000

// Values for the exit port, which QEMU doubles and adds one to.
const (
	exitPort    = 0xf4
	exitCrashed = 1 // status 3
	exitHalted  = 2 // status 5
)

// Off switches the machine off: a clean end.
func Off() {
	closing("tuco: power off")
	sleep()
	shutdownBochs()
	Halt([]byte("this machine has no known way to switch itself off"))
}

// Reboot starts the machine anew: a clean end, too.
func Reboot() {
	closing("tuco: reboot")
	reset()
	Halt([]byte("this machine has no known way to reset itself"))
}

// Halt stops with a reason that a person has to see to.
func Halt(reason []byte) {
	klog.Errorf("%s", klog.B(reason))
	klog.Infof("tuco: halted: %s", klog.B(reason))
	leave(exitHalted)
	stop()
}

// Failed ends a run in which something else than the hypervisor has failed, or
// that found the hypervisor wrong without a report, as a self-test does. To the
// outside it is a crash.
func Failed(reason []byte) {
	klog.Infof("tuco: crashed: %s", klog.B(reason))
	leave(exitCrashed)
	stop()
}

// rebootAfter is how long a crash report stays on the console of a machine
// that no emulator ends, in nanoseconds.
const rebootAfter = 10_000_000_000

// Crashed ends a crash report. Where no emulator ends, the machine reboots
// after a while, or stays as it is if the command line says noreboot.
func Crashed(reason []byte, noreboot bool) {
	klog.Infof("tuco: crashed: %s", klog.B(reason))
	leave(exitCrashed)
	if !noreboot {
		timer.Delay(rebootAfter)
		reset()
	}
	stop()
}

// closing writes a closing line and waits until it is out.
func closing(line string) {
	klog.Infof("%s", klog.S(line))
	uart.Drain()
}

// leave ends an emulator, if one runs us.
func leave(value uint32) {
	uart.Drain()
	x86.Out32(exitPort, value)
	shutdownBochs()
}

func shutdownBochs() {
	const port, text = 0x8900, "Shutdown"
	for i := range len(text) {
		x86.Out8(port, text[i])
	}
}

// stop is where there is nothing left to do.
func stop() {
	for {
		x86.HLT()
	}
}
