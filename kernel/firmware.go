package main

import (
	"tuco/kernel/acpi"
	"tuco/kernel/klog"
	"tuco/kernel/text"
)

// firmware is what the ACPI tables say.
var firmware acpi.Tables

func readFirmware() {
	acpi.Parse(&firmware, earlyMemory, acpi.Root{Addr: info.RSDP, Copy: info.RSDPCopy()})
	var text text.Line
	problems, dropped := firmware.Problems()
	for i := range problems {
		klog.Warnf("%s", klog.B(problems[i].Text(text.Reset())))
	}
	warnDropped(dropped, "ACPI")
}
