package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// holdings is what a domain can have, and does not give back.
var holdings = [...]struct {
	name string
	take func()
}{
	{"ports", takePorts},
	{"tables", takeTables},
	{"descriptors", takeDescriptors},
	{"info", takeInfo},
	{"grants", takeGrants},
	{"mappings", takeMappings},
	{"timers", takeTimers},
	{"memory", takeMemory},
	{"line", takeLine},
	{"ring", takeRing},
	{"vcpus", takeVCPUs},
}

// takePorts opens all ports, and connects the first of them with each other.
func takePorts() {
	for range 20 {
		pv.Loopback()
		pv.BindIPI(0)
	}
	pv.BindVIRQ(hypercall.VIRQ_TIMER, 0)
	for {
		arg := hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: witnessDomain}
		if pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, &arg) != 0 {
			return
		}
	}
}

// takeTables pins tables of each level that no root has, and hangs others into the root.
func takeTables() {
	const slot = 300
	var s pv.Space
	s.Install(slot)
	for i := range uint64(100) {
		s.Map(s.VA+i*pv.PageSize, pv.FrameEntry(pv.SpareFrame(i%10), pv.RW))
	}
	for level := 1; level <= 4; level++ {
		page := pv.AllocPage()
		pv.Protect(page)
		pv.Pin(page, level)
	}
}

// takeDescriptors has a full GDT and uses a page of an LDT.
func takeDescriptors() {
	const pages, flat = 14, 0x00cf_f300_0000_ffff
	var frames [pages]hypercall.XenPFN
	var page uint64
	for i := range frames {
		page = pv.AllocPage()
		*pv.At[uint64](page + 8) = flat
		pv.Protect(page)
		frames[i] = hypercall.XenPFN(pv.MFN(page))
	}
	pv.Need("set_gdt", pv.SetGDT(&frames[0], pages*512))
	pv.Need("SET_LDT", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_SET_LDT, Arg1: page, Arg2: 512}))
	lookAt(1<<3 | inLDT | 3)
}

const inLDT = 1 << 2 // of a selector

// lookAt makes the processor read a descriptor.
func lookAt(selector uint64)

// account is where the hypervisor tells how time was spent.
var account hypercall.VCPURunstateInfo

// takeInfo registers the vCPU's vcpu_info elsewhere, and a place for its runstate.
func takeInfo() {
	page := pv.AllocPage()
	info := hypercall.VCPURegisterVCPUInfo{MFN: pv.MFN(page), Offset: 64}
	pv.Need("register_vcpu_info", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_info, 0, &info))
	pv.This().Info = pv.At[hypercall.VCPUInfo](page + 64)
	area := hypercall.VCPURegisterRunstateMemoryArea{Addr: hypercall.Handle[hypercall.VCPURunstateInfo](pv.Address(&account))}
	pv.Need("register_runstate_memory_area", pv.VCPUOp(hypercall.VCPUOP_register_runstate_memory_area, 0, &area))
}

// takeGrants has a long grant table, and maps a frame of it.
func takeGrants() {
	const frames = 32
	var list [frames]hypercall.XenPFN
	arg := hypercall.GnttabSetupTable{
		Dom: hypercall.DOMID_SELF, NrFrames: frames, FrameList: hypercall.Handle[hypercall.XenPFN](pv.Address(&list[0])),
	}
	pv.Need("setup_table", pv.Call(hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_setup_table, pv.Address(&arg), 1, 0, 0))
	if arg.Status != hypercall.GNTST_okay {
		panic("no grant table")
	}
	page := pv.AllocPage()
	pv.Need("mapping a grant table", pv.UpdateVAMapping(page, pv.FrameEntry(uint64(list[frames-1]), pv.RW), hypercall.UVMF_INVLPG))
}

// takeRing has an update ring of which it has given a frame away, and leaves in it what the end may find: an entry that maps a frame, and one
// that is refused.
func takeRing() {
	const slot = 301
	var s pv.Space
	var q pv.Ring
	s.Install(slot)
	q.Make(5)
	pv.Need("ring_register", q.Register())
	given := hypercall.XenPFN(pv.MFN(q.Page(4)))
	arg := hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](pv.Address(&given)), NrExtents: 1, DomID: hypercall.DOMID_SELF,
	}
	pv.Need("unmapping a page of the ring", pv.UpdateVAMapping(q.Page(4), 0, hypercall.UVMF_INVLPG))
	if pv.MemoryOp(hypercall.XENMEM_decrease_reservation, &arg) != 1 {
		panic("a frame can't be given back")
	}
	q.Put(s.EntryAddress(s.VA), pv.FrameEntry(pv.SpareFrame(11), pv.RW))
	q.Put(s.EntryAddress(s.VA), pv.PageEntry(s.Table(1), pv.RW))
}

// takeTimers sets all timers.
func takeTimers() {
	pv.SetTimer(pv.Now() + 3600*pv.Second)
	tick := hypercall.VCPUSetPeriodicTimer{PeriodNS: pv.Millisecond}
	pv.Need("set_periodic_timer", pv.VCPUOp(hypercall.VCPUOP_set_periodic_timer, 0, &tick))
	dog := hypercall.SchedWatchdog{Timeout: 1000}
	if id := pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog); hypercall.Failed(id) != 0 {
		panic("no watchdog")
	}
}

// takeMemory gives some frames back, takes others, and maps some of those.
func takeMemory() {
	const n = 64
	var list [n]hypercall.XenPFN
	for i := range list {
		list[i] = hypercall.XenPFN(pv.SpareFrame(uint64(i)))
	}
	arg := hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](pv.Address(&list[0])), NrExtents: n, DomID: hypercall.DOMID_SELF,
	}
	if pv.MemoryOp(hypercall.XENMEM_decrease_reservation, &arg) != n {
		panic("frames can't be given back")
	}
	for i := range list {
		list[i] = hypercall.XenPFN(pv.SparePFN(uint64(i)))
	}
	arg.NrExtents = n / 2
	if pv.MemoryOp(hypercall.XENMEM_populate_physmap, &arg) != n/2 {
		panic("frames can't be taken")
	}
	for _, m := range list[:n/2] {
		page := pv.AllocPage()
		pv.Need("mapping a new frame", pv.UpdateVAMapping(page, pv.FrameEntry(uint64(m), pv.RW), hypercall.UVMF_INVLPG))
	}
}

// takeLine writes a line to the console that does not end.
func takeLine() {
	text := "the last words"
	pv.Call(hypercall.HYPERVISOR_console_io, hypercall.CONSOLEIO_write, uint64(len(text)), pv.TextAddress(text), 0, 0)
}

// takeVCPUs starts the domain's other vCPUs. They never stop, each in its way: with or without exits, asleep, and with
// translations to be dropped on all others.
func takeVCPUs() {
	n := pv.CPUs()
	pv.StartCPUs(n)
	for id := uint32(1); id < n; id++ {
		switch id % 4 {
		case 0:
			pv.Go(id, remap)
		case 1:
			pv.Go(id, func() { pv.Spin(^uint64(0)) })
		case 2:
			pv.Go(id, callForEver)
		case 3:
			pv.Go(id, func() { pv.Sleep(1 << 62) })
		}
	}
	pv.Sleep(pv.Now() + 10*pv.Millisecond)
}

func callForEver() {
	for {
		pv.XenVersion[byte](hypercall.XENVER_version, nil)
	}
}

// page is one that remap has.
var page uint64

func remap() {
	page = pv.AllocPage()
	for flags := uint64(pv.RW); ; flags ^= pv.Write {
		pv.Need("remap", pv.UpdateVAMapping(page, pv.PageEntry(page, flags), hypercall.UVMF_TLB_FLUSH|hypercall.UVMF_ALL))
	}
}
