package main

import (
	"tuco/kernel/container"
	"tuco/kernel/exit"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/text"
)

// What the processor's virtualization extension is, and what it can do.
var (
	vendor container.Vendor
	probed exit.Probed
)

// probeVirtualization finds out about it, and prepares what all containers share.
func probeVirtualization(cpu *percpu.CPU) {
	vendor = container.Probe(&probed)
	logFeatures()
	if !probed.Usable {
		klog.Errorf("no guests can run here: %s", klog.S(probed.Missing))
		halt(klog.Format(haltText[:], "no virtualization: %s", klog.S(probed.Remedy)))
	}
	if !probed.Nested {
		klog.Warnf("no nested paging: %s; %s", klog.S(probed.Missing), klog.S(probed.Remedy))
	}
	container.Start(exit.GlobalFrames(alloc(cpu, exit.GlobalFrameOrder, pmm.Below4G, "the containers' shared tables")))
	allocHostFrames(cpu, cpu)
	enableVirtualization(cpu)
}

// logFeatures prints the line that begins with "features:".
func logFeatures() {
	var line text.Line
	for i, name := range probed.Names {
		if probed.Features>>i&1 != 0 {
			line.Str(" ").Str(name)
		}
	}
	klog.Infof("features: %s, nested paging %s, %d TLB tags;%s", klog.S(vendor.String()),
		klog.S(yesNo(probed.Nested)), klog.U(probed.Tags), klog.B(line.Bytes()))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// hostFrames are what enableVirtualization uses on each CPU.
var hostFrames [layout.MaxCPUs]exit.CPUFrames

// allocHostFrames sets aside a CPU's frames.
func allocHostFrames(by, c *percpu.CPU) {
	for i := range hostFrames[c.ID] {
		hostFrames[c.ID][i] = alloc(by, 0, pmm.Below4G, "a CPU's virtualization state")
	}
}

// enableVirtualization turns the extension on, on the CPU that calls.
func enableVirtualization(c *percpu.CPU) {
	if refusal := container.Enable(c.ID, hostFrames[c.ID]); refusal != "" {
		halt(klog.Format(haltText[:], "cpu %d: %s", klog.D(c.ID), klog.S(string(refusal))))
	}
}
