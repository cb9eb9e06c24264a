package main

import (
	"tuco/boot"
	"tuco/kernel/bundle"
	"tuco/kernel/calls"
	"tuco/kernel/console"
	"tuco/kernel/container"
	"tuco/kernel/create"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/pv"
)

// pvKind is the kind of paravirtual domains.
var pvKind domain.Kind

// createDomains makes the domains that the bundle describes, and lets them run
// when all are made.
func createDomains(cpu *percpu.CPU) {
	prepareDomains(cpu)
	h := &cpu.Locks
	for c := range percpu.Count() {
		machine.Scheduler.AddCPU(c)
	}
	list := domains.Domains()
	for i := range list {
		createDomain(h, &list[i])
	}
	releaseBundle(h)
	for id := range domain.ID(machine.MaxDomains) {
		if d := machine.Find(id); d != nil {
			create.Start(h, d)
		}
	}
	if machine.Find(0) != nil {
		console.Give()
	}
}

func createDomain(h *lock.Holder, d *bundle.Domain) {
	spec := create.Spec{
		Name: d.Name, Privileged: d.Privileged, Pages: d.Memory / frame.PageSize, VCPUs: d.VCPUs,
		Weight: uint32(d.Weight), Cap: uint32(d.Cap), Kind: &pvKind,
	}
	if d.Privileged {
		var s pmm.Stats
		machine.RAM.Stats(h, &s)
		spec.Pages = options.Dom0Mem.Bytes(d.Memory, s.Free*frame.PageSize) / frame.PageSize
		spec.VCPUs = options.Dom0MaxVCPUs.Count(d.VCPUs, percpu.Count())
	}
	if spec.VCPUs > domain.MaxVCPUs {
		klog.Warnf("domain %s: %d vCPUs are more than there can be; it gets %d", klog.B(d.Name), klog.D(spec.VCPUs),
			klog.D(domain.MaxVCPUs))
		spec.VCPUs = domain.MaxVCPUs
	}
	with := create.Content{Kernel: d.Kernel, Ramdisk: d.Ramdisk, Args: d.Args}
	if _, failure := create.Domain(h, &spec, &with); len(failure) != 0 {
		halt(klog.Format(haltText[:], "domain %s: %s", klog.B(d.Name), klog.B(failure)))
	}
}

// releaseBundle frees the module, from which nothing is needed any more.
func releaseBundle(h *lock.Holder) {
	modules := info.Modules()
	for i := range modules {
		if m := &modules[i]; m.Usable {
			r := machine.RAM.Release(h, frame.Range{Start: m.Start.MFN(), End: m.End.Up().MFN()})
			must(r == pmm.OK, "a module's memory cannot be freed")
		}
	}
}

// prepareDomains makes what paravirtual domains share.
func prepareDomains(cpu *percpu.CPU) {
	machine.Counts = options.Counts
	pvKind = pv.Kind(&calls.PV)
	line, _ := info.CmdLine()
	calls.InitIdentity(version, line)
	h := &cpu.Locks
	var end frame.MFN
	for r, ok := memoryMap.NextRAM(0); ok; r, ok = memoryMap.NextRAM(r.End) {
		end = r.End
	}
	if container.Current() != container.AMD {
		// Other makers' processors may read memory by entries that are not present.
		machine.SafeAbove = max(end.Addr(), 4<<30)
	}
	if !machine.InitM2P(h, end) || !startPV(h) {
		halt([]byte("no memory for the machine-to-physical table"))
	}
	listIO()
	listMemory()
	shareTrace()
}

// startPV starts package pv, and says whether the stub is used.
func startPV(h *lock.Holder) bool {
	use, why := options.Stub, "by the command line"
	if use && !container.CanFreeCR3() {
		use, why = false, "the processor leaves a guest for each write to CR3"
	}
	if use {
		klog.Infof("stub: on")
	} else {
		klog.Infof("stub: off, %s", klog.S(why))
	}
	return pv.Start(h, machineBytes(handoff.StubStart, uint64(handoff.StubEnd-handoff.StubStart)), use)
}

// listMemory makes the map that domain 0 gets. Firmware need not mention the interrupt
// controllers, and domain 0 must not put a device there.
func listMemory() {
	machine.SetMemoryMap(info.Regions())
	for _, io := range firmware.IOAPICs() {
		at := io.Addr.Down()
		machine.ReserveInMap(boot.Range{Start: at, End: at + frame.PageSize})
	}
	const messages = 1 << 20 // from the local APIC on: where devices write to interrupt
	machine.ReserveInMap(boot.Range{Start: localAPIC.Addr(), End: localAPIC.Addr() + messages})
}

// ioEnd bounds the addresses of devices.
const ioEnd frame.MAddr = 1 << 40

// listIO finds the frames that domain 0 may map beside its RAM: those that are no
// RAM at all, but for the interrupt controllers, which are the hypervisor's.
func listIO() {
	from := frame.MFN(0)
	for _, r := range info.Regions() {
		if r.Type == boot.RAM {
			addIO(from, r.Start.MFN())
			from = r.End.Up().MFN()
		}
	}
	addIO(from, ioEnd.MFN())
}

// addIO adds frames, in pieces where there is an interrupt controller among them.
func addIO(from, to frame.MFN) {
	for from < to {
		next := to
		for _, io := range firmware.IOAPICs() {
			next = before(next, from, io.Addr.MFN())
		}
		next = before(next, from, localAPIC)
		if !machine.AddIO(frame.Range{Start: from, End: next}) {
			klog.Warnf("memory: too many holes; domain 0 can't map devices from %x on", klog.X(from.Addr()))
			return
		}
		if next == to {
			return
		}
		from = next + 1
	}
}

// localAPIC is where every CPU's local APIC appears.
const localAPIC frame.MFN = 0xfee00

// before is m if that is in between, or else next.
func before(next, from, m frame.MFN) frame.MFN {
	if m >= from && m < next {
		return m
	}
	return next
}
