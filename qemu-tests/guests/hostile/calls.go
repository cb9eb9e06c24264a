package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// arguments are those of a hypercall.
type arguments [5]uint64

// call makes up a call.
func (r *fuzzer) call(a *arguments) hypercall.Number {
	n := r.number()
	if r.oneIn(3) { // what has the most to lose
		n = [...]hypercall.Number{
			hypercall.HYPERVISOR_mmu_update, hypercall.HYPERVISOR_mmuext_op, hypercall.HYPERVISOR_update_va_mapping,
			hypercall.HYPERVISOR_memory_op, hypercall.HYPERVISOR_multicall, hypercall.HYPERVISOR_event_channel_op,
			hypercall.HYPERVISOR_tuco_op,
		}[r.below(7)]
	}
	r.arguments(n, a)
	return n
}

// number is any call's but iret's, which would end the guest. Other guests have tests of that.
func (r *fuzzer) number() hypercall.Number {
	if n := hypercall.Number(r.below(64)); n != hypercall.HYPERVISOR_iret {
		return n
	}
	return hypercall.HYPERVISOR_xen_version
}

// arguments are such as any call may have, for those that are more than a command and a structure plausible ones; but
// none that would end the guest, or change what its own code needs.
func (r *fuzzer) arguments(n hypercall.Number, a *arguments) {
	*a = arguments{r.below(48), r.argument(), r.value(), r.value(), r.value()}
	if r.oneIn(16) {
		*a = arguments{r.value(), r.value(), r.value(), r.value(), r.value()}
	}
	switch n {
	case hypercall.HYPERVISOR_set_trap_table:
		a[0] = r.badAddress()
	case hypercall.HYPERVISOR_mmu_update:
		mmuUpdate(r, a)
	case hypercall.HYPERVISOR_fpu_taskswitch:
		a[0] = 0
	case hypercall.HYPERVISOR_sched_op:
		schedOp(r, a)
	case hypercall.HYPERVISOR_set_debugreg:
		debugreg(r, a)
	case hypercall.HYPERVISOR_multicall:
		multicall(r, a)
	case hypercall.HYPERVISOR_update_va_mapping, hypercall.HYPERVISOR_update_va_mapping_otherdomain:
		vaMapping(r, a)
	case hypercall.HYPERVISOR_console_io:
		consoleIO(r, a)
	case hypercall.HYPERVISOR_set_segment_base:
		a[0] = hypercall.SEGBASE_GS_USER
	case hypercall.HYPERVISOR_mmuext_op:
		mmuextOp(r, a)
	case hypercall.HYPERVISOR_memory_op:
		memoryOp(r, a)
	case hypercall.HYPERVISOR_grant_table_op:
		grantOp(r, a)
	case hypercall.HYPERVISOR_event_channel_op:
		eventChannelOp(r, a)
	case hypercall.HYPERVISOR_vcpu_op:
		vcpuOp(r, a)
	case hypercall.HYPERVISOR_set_gdt:
		setGDT(r, a)
	case hypercall.HYPERVISOR_update_descriptor:
		updateDescriptor(r, a)
	case hypercall.HYPERVISOR_tuco_op:
		tucoOp(r, a)
	}
}

// debugreg leaves the register alone that arms the others.
func debugreg(_ *fuzzer, a *arguments) {
	if uint32(a[0]) == 7 {
		a[1] = 0
	}
}

// schedOp keeps from what waits for an event, and from shutting down.
func schedOp(r *fuzzer, a *arguments) {
	switch uint32(a[0]) {
	case hypercall.SCHEDOP_block, hypercall.SCHEDOP_shutdown, hypercall.SCHEDOP_shutdown_code, hypercall.SCHEDOP_watchdog:
		a[0] = hypercall.SCHEDOP_yield
	case hypercall.SCHEDOP_poll:
		const over = 1 // is the time-out
		r.poll = hypercall.SchedPoll{Ports: hypercall.Handle[hypercall.Port](r.pointer()), NrPorts: uint32(r.value()), Timeout: over}
		a[1] = pv.Address(&r.poll)
	}
}

func mmuUpdate(r *fuzzer, a *arguments) {
	n := r.below(64)
	*a = arguments{r.requests(n), n, 0, uint64(r.domain()), 0}
	if r.oneIn(8) {
		a[2] = r.pointer()
	}
	if r.oneIn(16) {
		a[0] = r.pointer()
	}
	if r.oneIn(16) {
		a[1] = r.value()
	}
	if r.oneIn(16) {
		a[3] = r.value()
	}
}

func vaMapping(r *fuzzer, a *arguments) {
	*a = arguments{r.inArea(), r.entry(), r.below(16), uint64(r.domain()), 0}
	switch r.below(16) {
	case 0:
		a[0] = 0x8000_0000_0000 | r.value()&^(1<<47-1)
	case 1:
		a[1] = r.value()
	case 2:
		a[2] = r.value()
	}
}

// mmuextOp never loads another root for the kernel, in which it would not be.
func mmuextOp(r *fuzzer, a *arguments) {
	n := r.below(8)
	at := pv.Address(&r.buffer)
	for i := range n {
		op := hypercall.MMUExtOp{Cmd: uint32(r.below(22)), Arg1: r.frame(), Arg2: r.value()}
		if !r.oneIn(4) {
			level := r.below(4)
			op.Cmd, op.Arg1 = uint32(hypercall.MMUEXT_PIN_L1_TABLE+level), pv.MFN(tables[level][r.below(perLevel)])
			if r.oneIn(2) {
				op.Cmd = hypercall.MMUEXT_UNPIN_TABLE
			}
		}
		switch op.Cmd {
		case hypercall.MMUEXT_NEW_BASEPTR:
			op.Arg1 = 1<<40 - 1
		case hypercall.MMUEXT_INVLPG_LOCAL, hypercall.MMUEXT_INVLPG_MULTI, hypercall.MMUEXT_INVLPG_ALL, hypercall.MMUEXT_SET_LDT:
			op.Arg1 = r.value()
		case hypercall.MMUEXT_COPY_PAGE:
			op.Arg2 = r.frame()
		}
		*pv.At[hypercall.MMUExtOp](at + 24*i) = op
	}
	*a = arguments{at, n, 0, uint64(r.domain()), 0}
	if r.oneIn(8) {
		a[2] = r.pointer()
	}
	if r.oneIn(16) {
		a[1] = r.below(n + 1)
	}
}

// memoryOp leaves the frames alone that are mapped.
func memoryOp(r *fuzzer, a *arguments) {
	if r.oneIn(4) {
		return
	}
	list := pv.Address(&r.buffer) + 1024
	n := r.below(16)
	for i := range 2 * n {
		*pv.At[uint64](list + 8*i) = r.frame()
	}
	reservation := hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](list), NrExtents: n, ExtentOrder: uint32(r.below(3) * r.below(5)),
		MemFlags: hypercall.XenMemFlags(r.below(2) * r.value()), DomID: r.domain(),
	}
	at := pv.Address(&r.buffer)
	switch r.below(4) {
	case 0:
		x := pv.At[hypercall.XenMemoryExchange](at)
		*x = hypercall.XenMemoryExchange{In: reservation, Out: reservation}
		x.Out.ExtentStart = hypercall.Handle[hypercall.XenPFN](list + 8*n)
		if r.oneIn(4) {
			x.Out.NrExtents, x.NrExchanged = r.below(16), r.below(20)
		}
		*a = arguments{hypercall.XENMEM_exchange, at}
	default:
		*pv.At[hypercall.XenMemoryReservation](at) = reservation
		*a = arguments{
			[...]uint64{hypercall.XENMEM_increase_reservation, hypercall.XENMEM_decrease_reservation, hypercall.XENMEM_populate_physmap}[r.below(3)],
			at,
		}
	}
	if r.oneIn(8) {
		a[1] = r.pointer()
	}
}

// grantOp has the status of each operation written behind it: where there are many, to memory that the guest needs.
func grantOp(r *fuzzer, a *arguments) {
	*a = arguments{r.below(14), r.argument(), r.below(4)}
	switch r.below(10) {
	case 0:
		a[1], a[2] = r.badAddress(), r.value()
	case 1, 2:
		arg := pv.At[hypercall.GnttabSetupTable](pv.Address(&r.buffer))
		*arg = hypercall.GnttabSetupTable{
			Dom: r.domain(), NrFrames: uint32(r.below(70)), FrameList: hypercall.Handle[hypercall.XenPFN](r.pointer()),
		}
		*a = arguments{hypercall.GNTTABOP_setup_table, pv.Address(arg), 1}
	case 3, 4, 5:
		r.grant()
		op := pv.At[hypercall.GnttabMapGrantRef](pv.Address(&r.buffer))
		*op = hypercall.GnttabMapGrantRef{Flags: uint32(r.below(32)), Ref: r.ref(), Dom: r.peer()}
		op.HostAddr = r.grantedAt(op.Flags)
		*a = arguments{hypercall.GNTTABOP_map_grant_ref, pv.Address(op), 1}
	case 6, 7:
		op := pv.At[hypercall.GnttabUnmapGrantRef](pv.Address(&r.buffer))
		*op = hypercall.GnttabUnmapGrantRef{HostAddr: r.grantedAt(uint32(r.below(32))), Handle: hypercall.GrantHandle(r.below(64))}
		*a = arguments{hypercall.GNTTABOP_unmap_grant_ref, pv.Address(op), 1}
	case 8:
		r.grant()
		op := pv.At[hypercall.GnttabCopy](pv.Address(&r.buffer))
		*op = hypercall.GnttabCopy{Source: r.copyEnd(), Dest: r.copyEnd(), Len: uint16(r.below(4200)), Flags: uint16(r.below(4))}
		*a = arguments{hypercall.GNTTABOP_copy, pv.Address(op), 1}
	}
}

// grant writes an entry of the domain's own table.
func (r *fuzzer) grant() {
	flags := hypercall.GTF_permit_access | uint32(r.below(2))*hypercall.GTF_readonly
	if r.oneIn(8) {
		flags = uint32(r.next())
	}
	grants[r.ref()].Write(r.peer(), r.playFrame(), flags)
}

func (r *fuzzer) ref() hypercall.GrantRef { return hypercall.GrantRef(r.below(16)) }

// peer is mostly the domain's own number.
func (r *fuzzer) peer() hypercall.DomID {
	if r.oneIn(4) {
		return r.domain()
	}
	return self
}

// playFrame is a frame to play with.
func (r *fuzzer) playFrame() uint64 {
	if r.oneIn(2) {
		return pv.MFN(r.page())
	}
	return pv.SpareFrame(r.below(spares))
}

// grantedAt is where a grant may be mapped: an address, or an entry's.
func (r *fuzzer) grantedAt(flags uint32) uint64 {
	switch {
	case r.oneIn(8):
		return 0
	case flags&hypercall.GNTMAP_contains_pte == 0:
		return r.inArea()
	case r.oneIn(4):
		return pv.Machine(r.page()) + r.below(pv.PageSize)
	}
	return area.EntryAddress(r.inArea())
}

// copyEnd is a grant, or a frame, whatever it is taken for.
func (r *fuzzer) copyEnd() hypercall.GnttabCopyPtr {
	p := hypercall.GnttabCopyPtr{U: uint64(r.ref()), DomID: r.peer(), Offset: uint16(r.below(4200))}
	if r.oneIn(2) {
		p.U, p.DomID = r.playFrame(), hypercall.DOMID_SELF
	}
	return p
}

// eventChannelOp has small numbers for ports and the like, and domains' names.
func eventChannelOp(r *fuzzer, a *arguments) {
	if r.oneIn(4) {
		return
	}
	arg := pv.At[[6]uint32](pv.Address(&r.buffer))
	for i := range arg {
		arg[i] = uint32(r.below(48))
	}
	if r.oneIn(2) {
		arg[0] = uint32(r.domain()) | uint32(r.domain())<<16
	}
	*a = arguments{r.below(hypercall.EVTCHNOP_unmask + 2), pv.Address(arg)}
	if r.oneIn(64) {
		a[0] = hypercall.EVTCHNOP_reset
	}
}

// vcpuOp starts no vCPU and stops none, sends no NMI, and leaves the vcpu_info where it is.
func vcpuOp(r *fuzzer, a *arguments) {
	a[1], a[2] = a[2], a[1]
	if !r.oneIn(4) {
		a[0], a[1] = r.below(16), r.below(2)
	}
	switch uint32(a[0]) {
	case hypercall.VCPUOP_initialise, hypercall.VCPUOP_up, hypercall.VCPUOP_down, hypercall.VCPUOP_send_nmi,
		hypercall.VCPUOP_register_vcpu_info, hypercall.VCPUOP_register_runstate_memory_area:
		a[0] = hypercall.VCPUOP_is_up
	}
}

func setGDT(r *fuzzer, a *arguments) {
	at := pv.Address(&r.buffer)
	for i := range uint64(16) {
		*pv.At[uint64](at + 8*i) = r.frame()
	}
	*a = arguments{at, r.below(14*512 + 10)}
	if r.oneIn(8) {
		*a = arguments{r.pointer(), r.value()}
	}
}

// updateDescriptor writes to a frame that is in use as nothing else, also to what the guest needs itself.
func updateDescriptor(r *fuzzer, a *arguments) {
	m := r.frame()
	if !reckless && needs(m) {
		m = 0
	}
	*a = arguments{m*pv.PageSize + 8*r.below(512), r.value()}
}

// consoleIO says little: all of it stands in a log.
func consoleIO(r *fuzzer, a *arguments) {
	*a = arguments{r.below(4), r.below(20), r.inBuffer()}
	if r.oneIn(2) {
		*a = arguments{r.value(), r.value(), r.badAddress()}
	}
}

func multicall(r *fuzzer, a *arguments) {
	n := r.below(uint64(len(r.list)))
	for i := range r.list[:n] {
		op := r.number()
		if op == hypercall.HYPERVISOR_multicall {
			r.inner = arguments{pv.Address(&r.list), 1} // refused
		} else {
			r.arguments(op, &r.inner)
		}
		e := &r.inner
		r.list[i] = hypercall.MulticallEntry{Op: op, Args: hypercall.ArgList{e[0], e[1], e[2], e[3], e[4], r.next()}}
	}
	*a = arguments{pv.Address(&r.list), n}
	if r.oneIn(16) { // not just anywhere: what is there may make the call after which the guest is lost
		*a = arguments{r.badAddress(), r.value()}
	}
}
