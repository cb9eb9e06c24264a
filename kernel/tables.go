package main

import (
	"tuco/boot"
	"tuco/kernel/acpi"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/ptab"
)

// host is the hypervisor's own address space.
var host ptab.Space

// largestPage is the largest page that the processor's tables know.
func largestPage() ptab.Size {
	if features.HugePages {
		return ptab.Size1G
	}
	return ptab.Size2M
}

// mapMemory makes the direct map of all RAM.
func mapMemory() {
	var sealed [boot.TextParts + 1]frame.Range
	for i, part := range handoff.Text {
		sealed[i] = imageRange(part)
	}
	sealed[boot.TextParts] = imageRange(handoff.Rodata)
	for r, ok := memoryMap.NextRAM(0); ok; r, ok = memoryMap.NextRAM(r.End) {
		ram := frame.Range{Start: r.Start, End: r.End}
		check(host.MapDirect(layout.DirectMap, ram, sealed[:], largestPage()), "the direct map")
	}
}

func imageRange(p boot.Part) frame.Range {
	return frame.Range{Start: layout.ImageMachine(p.Start).MFN(), End: layout.ImageMachine(p.End.Up()).MFN()}
}

// mapImage maps the image's parts, each with the rights that it needs.
func mapImage() {
	for _, part := range handoff.Text {
		mapPart(part, ptab.Text)
	}
	mapPart(handoff.Rodata, ptab.Const)
	mapPart(handoff.Data, ptab.Data)
}

func mapPart(p boot.Part, flags ptab.Flags) {
	r := imageRange(p)
	check(host.Map(p.Start, r.Start, r.Len(), flags, ptab.Size4K), "the image")
}

// mapStacks gives a CPU its stacks.
func mapStacks(c *percpu.CPU) {
	mapStacksFrom(c, lateTables{})
	c.UseStacks()
}

// mapStacksFrom maps the CPU's stacks. The frames come one by one, so that a
// stack needs no run of them.
func mapStacksFrom(c *percpu.CPU, source ptab.Memory) {
	for k := range percpu.StackKind(percpu.Kinds) {
		top := c.StackTop(k)
		for at := top - frame.VAddr(k.StackSize()); at < top; at += frame.PageSize {
			m, ok := source.Alloc()
			must(ok, "no frames for a CPU's stacks")
			check(host.Map(at, m, 1, ptab.Data, ptab.Size4K), "a stack")
		}
	}
}

// mapDevice maps a page of a device's registers in the direct map, uncached.
func mapDevice(a frame.MAddr) frame.VAddr {
	at := layout.Direct(a.Down())
	if _, mapped := host.Lookup(at); !mapped {
		check(host.Map(at, a.MFN(), 1, ptab.Device, ptab.Size4K), "a device's registers")
	}
	return layout.Direct(a)
}

// mapPower maps the registers that end the machine's run, where they are in memory.
func mapPower() {
	for _, r := range [...]*acpi.Register{&firmware.Power.Reset, &firmware.Power.SleepControl} {
		switch {
		case !r.Exists() || r.Space != acpi.SpaceMemory:
		case r.Addr < layout.DirectMapSize:
			mapDevice(frame.MAddr(r.Addr))
		default:
			klog.Warnf("ACPI: a register at %x cannot be reached; it is not used", klog.X(r.Addr))
			*r = acpi.Register{}
		}
	}
}

// auditTables looks at every page of the hypervisor's: none may be writable and
// executable, under one address or two.
func auditTables() {
	if report := host.Audit(); !report.Clean() {
		klog.Bugf("page tables: %d pages writable and executable (%x), %d aliases (%x), %d open to user mode (%x)",
			klog.U(report.WriteExecute), klog.X(report.WXAt), klog.U(report.Aliases), klog.X(report.AliasAt),
			klog.U(report.User), klog.X(report.UserAt))
	}
}

// earlyTables makes page tables while the boot page tables are in use.
type earlyTables struct{}

func (earlyTables) Table(m frame.MFN) *ptab.Table { return tableAt(m) }

func (earlyTables) Alloc() (frame.MFN, bool) {
	m, r := memoryMap.Take(1, 1, early)
	return m, r == pmm.OK
}

// lateTables makes them afterwards.
type lateTables struct{}

func (lateTables) Table(m frame.MFN) *ptab.Table { return tableAt(m) }

func (lateTables) Alloc() (frame.MFN, bool) {
	m, r := machine.RAM.Alloc(&percpu.Current().Locks, 0, pmm.Anywhere)
	return m, r == pmm.OK
}

func tableAt(m frame.MFN) *ptab.Table {
	return (*ptab.Table)(layout.Pointer(layout.Direct(m.Addr())))
}

func check(r ptab.Result, what string) {
	if r != ptab.OK {
		klog.Bugf("mapping %s: %s", klog.S(what), klog.S(r.String()))
	}
}
