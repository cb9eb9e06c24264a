package main

import (
	"tuco/kernel/apic"
	"tuco/kernel/idt"
	"tuco/kernel/keys"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/shootdown"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

// The hypervisor's interrupt vectors. The keyboard's is in package keys.
const (
	vectorTimer x86.Vector = 0xf0
	vectorCall  x86.Vector = 0xf1
)

func setHandlers() {
	idt.SetHandler(vectorTimer, onTimer)
	idt.SetHandler(vectorCall, onCall)
	idt.SetHandler(apic.Spurious, onSpurious)
}

func onTimer(*idt.Frame) {
	apic.EOI()
	if crashInInterrupt {
		crashNow()
	}
	timer.Interrupt(&percpu.Current().Locks)
}

func onCall(f *idt.Frame) {
	apic.EOI()
	cpu := percpu.Current()
	shootdown.Serve(&cpu.Locks)
	machine.Interrupted(&cpu.Locks)
	keys.Serve(cpu.ID, f)
}

// onSpurious takes an interrupt that was withdrawn: there is nothing to end.
func onSpurious(*idt.Frame) {}

// kickCPU makes a CPU look at what others ask of it.
func kickCPU(cpu int) { apic.SendFixed(percpu.Get(cpu).APICID, vectorCall) }

// flushTLB drops what a request asks for from this CPU's TLB.
func flushTLB(cpu int, r shootdown.Request) { machine.FlushCPU(cpu, r) }
