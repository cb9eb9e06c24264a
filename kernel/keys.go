package main

import (
	"tuco/hypercall"
	"tuco/kernel/apic"
	"tuco/kernel/console"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/keys"
	"tuco/kernel/klog"
	"tuco/kernel/lines"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/pci"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/uart"
)

// moreKeys are those that show what the boot sequence has set up.
var moreKeys = [...]keys.Key{
	{Key: 'm', Help: "memory", Run: memoryKey},
	{Key: 'q', Help: "domains", Run: machine.ShowDomains},
	{Key: 'r', Help: "run queues", Run: machine.ShowQueues},
	{Key: 'i', Help: "interrupt lines and PCI functions", Run: devicesKey},
	{Key: 'c', Help: "what domains have exited for and called", Run: countsKey},
	{Key: 'f', Help: "processor and its features", Run: featuresKey},
	{Key: 'l', Help: "the end of the log once more", Run: logKey},
}

// startKeys makes the console listen.
func startKeys(cpu *percpu.CPU) {
	keys.Add(moreKeys[:])
	keys.Call = kickCPU
	keys.Divert = divert
	line := apic.ISALine(uart.IRQ, firmware.Overrides())
	if uart.Present() {
		lines.Take(line.GSI)
	}
	keys.Start(&cpu.Locks, line)
}

func featuresKey(*lock.Holder) {
	logProcessor()
	logFeatures()
	klog.Infof("interrupts: %s mode", klog.S(apic.Mode()))
}

// logKey prints what the ring in memory still has, from its first whole line.
func logKey(*lock.Holder) { klog.Replay(uart.Write) }

func memoryKey(h *lock.Holder) {
	var s pmm.Stats
	machine.RAM.Stats(h, &s)
	klog.Infof("memory: %s of RAM, %s reserved, %s allocated, %s free", klog.Size(s.Total*frame.PageSize),
		klog.Size(s.Reserved*frame.PageSize), klog.Size(s.Allocated()*frame.PageSize), klog.Size(s.Free*frame.PageSize))
	klog.Infof("  %s of it for the records of domains", klog.Size(machine.KeptFrames(h)*frame.PageSize))
	for order, n := range s.Blocks {
		if n != 0 {
			klog.Infof("  %d free blocks of %s", klog.U(n), klog.Size(uint64(frame.PageSize)<<order))
		}
	}
	klog.Infof("  %d blocks allocated since boot, %d freed, %d refused, %d frames scrubbed",
		klog.U(s.Allocs), klog.U(s.Frees), klog.U(s.Failed), klog.U(s.Scrubbed))
}

func countsKey(*lock.Holder) {
	for id := range domain.ID(machine.MaxDomains) {
		if d := machine.Find(id); d != nil {
			machine.ShowCounts(d)
		}
	}
}

// divert gives domain 0 what was typed for it.
func divert(h *lock.Holder, b byte) bool {
	forDomain, taken := console.Type(h, b)
	if d := machine.Find(0); forDomain && d != nil {
		machine.Apply(h, d.Events.RaiseVIRQ(hypercall.VIRQ_CONSOLE, 0))
	}
	return taken
}

func devicesKey(h *lock.Holder) {
	lines.Show(h)
	pci.Show(h)
}
