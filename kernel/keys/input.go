package keys

import (
	"tuco/kernel/apic"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/timer"
	"tuco/kernel/uart"
	"tuco/kernel/x86"
)

// Vector is that of the serial port's interrupt.
const Vector x86.Vector = 0xf4

// pollInterval is how often the port is looked at where it can't interrupt, in
// nanoseconds: 20 times a second.
const pollInterval = 50_000_000

// atOnce bounds the keys that one interrupt serves; a port that is held open
// by noise must not keep its CPU.
const atOnce = 16

// Start begins to serve the console on this CPU. line is the serial port's
// interrupt. For the boot sequence, once timers work.
func Start(h *lock.Holder, line apic.Line) {
	builtin[0].Run = help
	printing.Init(lock.Console)
	poller.Func = poll
	switch {
	case !uart.Present():
		klog.Infof("keys: no serial port, no keys")
	case apic.Route(line, Vector, apic.ID()):
		idt.SetHandler(Vector, interrupt)
		uart.EnableInterrupt()
		klog.Infof("keys: h for help (serial port on interrupt %d)", klog.D(line.GSI))
	default:
		poller.Set(h, timer.Now()+pollInterval)
		klog.Infof("keys: h for help (no interrupt for the serial port: looked at 20 times a second)")
	}
}

// Divert, if set, may take a byte that was typed for itself, and tells whether it
// has. For the boot sequence, before Start.
var Divert func(h *lock.Holder, b byte) bool

// interrupt is the serial port's.
func interrupt(*idt.Frame) {
	// Ended first: the line is edge triggered, so a byte that arrives while
	// the port is read counts as a new interrupt.
	apic.EOI()
	serve(&percpu.Current().Locks)
}

var poller timer.Timer

func poll(h *lock.Holder, _ uint64) {
	serve(h)
	poller.Set(h, timer.Now()+pollInterval)
}

func serve(h *lock.Holder) {
	for range atOnce {
		b, ok := uart.Read()
		if !ok {
			return
		}
		if Divert == nil || !Divert(h, b) {
			Press(h, b)
		}
	}
	// There may be more, and then the line stays up and won't interrupt again.
	poller.Set(h, timer.Now())
}
