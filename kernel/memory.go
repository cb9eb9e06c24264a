package main

import (
	"tuco/boot"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/ptab"
	"tuco/kernel/x86"
)

var (
	memoryMap pmm.Map
	bootRoot  frame.MAddr
)

// early is the part of memory that the boot page tables show.
var early = frame.Range{Start: 0, End: 4 << (30 - frame.PageShift)}

// startMemory reads the memory map, makes the final page tables and changes to
// them, and starts the frame allocator. On the boot CPU, before all others.
func startMemory() {
	cpu := percpu.Get(0)
	describeMemory()
	bootRoot = frame.MAddr(x86.ReadCR3())

	must(host.Init(earlyTables{}, largestPage()) == ptab.OK, "no frame for the first page table")
	mapMemory()
	mapImage()
	mapStacksFrom(cpu, earlyTables{})
	plan, r := memoryMap.Plan(frame.Range{End: frame.NoMFN})
	if r != pmm.OK {
		halt(klog.Format(haltText[:], "no room for the frame records: %s", klog.S(r.String())))
	}
	x86.WriteCR3(uint64(host.Root.Addr()))
	hostRoot = host.Root.Addr()
	host.Open(host.Root, lateTables{}, largestPage())

	room := layout.Pointer(layout.Direct(plan.At.Addr()))
	r = machine.RAM.Init(&cpu.Locks, &memoryMap, plan, room, scrub)
	must(r == pmm.OK, "the frame allocator does not start")
	machine.Init()
	auditTables()
}

// describeMemory fills memoryMap from the loader's map.
func describeMemory() {
	for _, r := range info.Regions() {
		if r.Type == boot.RAM {
			if memoryMap.AddRAM(r.Start, r.End) != pmm.OK {
				klog.Warnf("memory: the range at %x is not used: too many ranges", klog.X(r.Start))
			}
		}
	}
	if n := memoryMap.Ignored(); n > 0 {
		klog.Warnf("memory: %s beyond %x is not used", klog.Size(n), klog.X(pmm.Limit))
	}
	// Page 0 stays unused: an address of 0 in a table is a mistake.
	reserve(0, frame.PageSize)
	for _, part := range handoff.Image() {
		reserve(part.Start, part.End)
	}
	for _, m := range info.Modules() {
		if m.Usable {
			reserve(m.Start, m.End)
		}
	}
}

func reserve(start, end frame.MAddr) {
	if memoryMap.Reserve(start, end) != pmm.OK {
		halt(klog.Format(haltText[:], "cannot reserve the memory at %x: the memory map has too many ranges", klog.X(start)))
	}
}

// scrub zeroes frames that are handed out.
func scrub(h *lock.Holder, m frame.MFN, n uint64) { machine.Scrub(h, m, n, zero) }

func zero(m frame.MFN, n uint64) { clear(machineBytes(m.Addr(), n*frame.PageSize)) }

// machineBytes is machine memory seen through the direct map.
func machineBytes(a frame.MAddr, n uint64) []byte { return layout.Bytes(a, n) }

// alloc is for the boot sequence, which cannot go on without.
func alloc(cpu *percpu.CPU, order uint, zone pmm.Zone, what string) frame.MFN {
	m, r := machine.RAM.Alloc(&cpu.Locks, order, zone)
	if r != pmm.OK {
		halt(klog.Format(haltText[:], "no memory for %s: %s", klog.S(what), klog.S(r.String())))
	}
	return m
}

func free(cpu *percpu.CPU, m frame.MFN, order uint) {
	if r := machine.RAM.Free(&cpu.Locks, m, order); r != pmm.OK {
		klog.Bugf("freeing frame %x: %s", klog.X(m), klog.S(r.String()))
	}
}

func must(ok bool, what string) {
	if !ok {
		klog.Bug(what)
	}
}

// releaseBoot frees what only the boot code used.
func releaseBoot(cpu *percpu.CPU) {
	r := machine.RAM.Release(&cpu.Locks, frame.Range{Start: handoff.BootStart.MFN(), End: handoff.BootEnd.MFN()})
	must(r == pmm.OK, "the boot code's memory cannot be freed")
}

// logMemory prints the line that begins with "memory:".
func logMemory(cpu *percpu.CPU) {
	var s pmm.Stats
	machine.RAM.Stats(&cpu.Locks, &s)
	modules := uint64(0)
	for _, m := range info.Modules() {
		if m.Usable {
			modules += uint64(m.End.Up() - m.Start.Down())
		}
	}
	own := (s.Total-s.Free)*frame.PageSize - modules
	klog.Infof("memory: %s of RAM, %s free, %s taken by the hypervisor", klog.Size(s.Total*frame.PageSize),
		klog.Size(s.Free*frame.PageSize), klog.Size(own))
}
