package main

import (
	"tuco/kernel/calls"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/pv"
)

// pvKind is the kind of paravirtual domains.
var pvKind domain.Kind

// prepareDomains makes what paravirtual domains share.
func prepareDomains(cpu *percpu.CPU) {
	pvKind = pv.Kind(&calls.PV)
	line, _ := info.CmdLine()
	calls.InitIdentity(version, line)
	h := &cpu.Locks
	var end frame.MFN
	for r, ok := memoryMap.NextRAM(0); ok; r, ok = memoryMap.NextRAM(r.End) {
		end = r.End
	}
	if !machine.InitM2P(h, end) || !pv.Start(h) {
		halt([]byte("no memory for the machine-to-physical table"))
	}
}
