package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
)

// memoryOp is memory_op.
//
// EFAULT. ENOSYS: no such command. ESRCH, EPERM: there is no such domain, or the
// caller has no rights over it. increase_reservation, decrease_reservation and
// populate_physmap fail by doing less. EACCES: the command is for domains that
// have a physical address space of their own. EOPNOTSUPP: get_vnumainfo.
func memoryOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.MemoryOp()
	switch c.Cmd {
	case hypercall.XENMEM_increase_reservation, hypercall.XENMEM_decrease_reservation, hypercall.XENMEM_populate_physmap:
		return reserve(v, c.Cmd, c.Arg)
	case hypercall.XENMEM_exchange:
		return exchange(v, c.Arg)
	case hypercall.XENMEM_maximum_ram_page:
		return int64(machine.RAMEnd)
	case hypercall.XENMEM_current_reservation:
		return ofDomain(v, c.Arg, func(d *domain.Domain) int64 { return d.Pages.Load() - d.Shares.Load() })
	case hypercall.XENMEM_maximum_reservation:
		return ofDomain(v, c.Arg, func(d *domain.Domain) int64 { return d.MaxPages.Load() - d.Shares.Load() })
	case hypercall.XENMEM_maximum_gpfn:
		return ofDomain(v, c.Arg, lastPage)
	case hypercall.XENMEM_machphys_mapping:
		return machphysMapping(v, c.Arg)
	case hypercall.XENMEM_machphys_mfn_list:
		return machphysFrames(v, c.Arg)
	case hypercall.XENMEM_memory_map:
		return memoryMap(v, c.Arg)
	case hypercall.XENMEM_set_memory_map:
		return setMemoryMap(v, c.Arg)
	case hypercall.XENMEM_machine_memory_map:
		return machineMemoryMap(v, c.Arg)
	}
	return fail(refuseMemory(c.Cmd))
}

// refuseMemory says why there is no such command for paravirtual domains.
func refuseMemory(cmd uint64) hypercall.Errno {
	for _, c := range [...]uint64{
		hypercall.XENMEM_add_to_physmap, hypercall.XENMEM_add_to_physmap_batch, hypercall.XENMEM_remove_from_physmap,
	} {
		if cmd == c {
			return hypercall.EACCES
		}
	}
	if cmd == hypercall.XENMEM_get_vnumainfo {
		return hypercall.EOPNOTSUPP
	}
	return hypercall.ENOSYS
}

// ofDomain is a number of pages that a domain has.
func ofDomain(v *domain.VCPU, arg hypercall.Handle[byte], number func(*domain.Domain) int64) int64 {
	id, ok := v.KernelMemory.GetUint16(frame.VAddr(arg)) // a hypercall.XenMemoryDomain is no more
	if !ok {
		return fail(hypercall.EFAULT)
	}
	d, e := subject(v, hypercall.DomID(id))
	if e != 0 {
		return fail(e)
	}
	return number(d)
}

// subject is the domain that a call is about: the caller's own, by whichever
// number, or for a privileged caller another.
//
// ESRCH: there is no such domain. EPERM: the caller has no rights over it.
func subject(v *domain.VCPU, id hypercall.DomID) (*domain.Domain, hypercall.Errno) {
	d := find(v, id)
	switch {
	case d == nil:
		return nil, hypercall.ESRCH
	case d != v.Domain && !v.Domain.Privileged:
		return nil, hypercall.EPERM
	}
	return d, 0
}

// lastPage is the last pseudo-physical page of a domain, as its kernel says itself. It
// may say anything: more pages than there are addresses for count as so many.
func lastPage(d *domain.Domain) int64 {
	const most = 1 << (64 - frame.PageShift)
	return int64(max(min(d.Shared.MaxPFN.Load(), most), 1) - 1)
}

// machphysMapping says where the guest finds the machine-to-physical table.
func machphysMapping(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	s := hypercall.XenMachphysMapping{
		VStart: hypercall.MACH2PHYS_VIRT_START, VEnd: hypercall.MACH2PHYS_VIRT_END, MaxMFN: uint64(machine.RAMEnd) - 1,
	}
	return given(put(v, arg, &s))
}

// machphysFrames lists the frames of the machine-to-physical table: the first of each
// block of 2 MiB.
func machphysFrames(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenMachphysMFNList
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	start, blocks := machine.M2PFrames()
	list, n := &room(v).frames, uint64(min(blocks, uint64(s.MaxExtents)))
	const framesABlock = frame.LargePageSize / frame.PageSize
	for done := uint64(0); done < n; {
		some := list[:min(n-done, uint64(len(list)))]
		for i := range some {
			some[i] = hypercall.XenPFN(start) + hypercall.XenPFN(done+uint64(i))*framesABlock
		}
		if !putAll(v, s.ExtentStart.At(done), some) {
			return fail(hypercall.EFAULT)
		}
		done += uint64(len(some))
	}
	s.NrExtents = uint32(n)
	return given(put(v, arg, &s))
}
