package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
)

// grantVersion is the only version of grant tables that there is.
const grantVersion = 1

// grantTableOp is grant_table_op.
//
// EFAULT. EINVAL: a count that is negative, or not 1 where there can be but one.
// ENOSYS: no such command. What befalls an element is in its status.
func grantTableOp(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.GrantTableOp()
	if int32(s.Count) < 0 {
		return fail(hypercall.EINVAL)
	}
	switch s.Cmd {
	case hypercall.GNTTABOP_map_grant_ref:
		return grantList(v, &s, &room(v).grantMap, &mapWork)
	case hypercall.GNTTABOP_unmap_grant_ref:
		return grantList(v, &s, &room(v).grantUnmap, &unmapWork)
	case hypercall.GNTTABOP_unmap_and_replace:
		return grantList(v, &s, &room(v).grantReplace, &replaceWork)
	case hypercall.GNTTABOP_copy:
		return grantList(v, &s, &room(v).grantCopy, &copyWork)
	case hypercall.GNTTABOP_swap_grant_ref:
		return grantList(v, &s, &room(v).grantSwap, &swapWork)
	case hypercall.GNTTABOP_setup_table:
		return setupTable(v, s.Ops, s.Count)
	case hypercall.GNTTABOP_query_size:
		return querySize(v, s.Ops, s.Count)
	case hypercall.GNTTABOP_set_version:
		return setVersion(v, s.Ops)
	case hypercall.GNTTABOP_get_version:
		return getVersion(v, s.Ops)
	}
	return fail(hypercall.ENOSYS)
}

var (
	mapWork     = grantWork[hypercall.GnttabMapGrantRef]{do: mapGrant}
	unmapWork   = grantWork[hypercall.GnttabUnmapGrantRef]{do: unmapGrant, finish: finishUnmap}
	replaceWork = grantWork[hypercall.GnttabUnmapAndReplace]{do: replaceGrant, finish: finishUnmap}
	copyWork    = grantWork[hypercall.GnttabCopy]{do: copyGrant}
	swapWork    = grantWork[hypercall.GnttabSwapGrantRef]{do: swapGrant}
)

// grantDomain finds the domain that a guest names and that it may ask about.
func grantDomain(v *domain.VCPU, id hypercall.DomID) (*domain.Domain, hypercall.GrantStatus) {
	d := find(v, id)
	switch {
	case d == nil:
		return nil, hypercall.GNTST_bad_domain
	case d != v.Domain && !v.Domain.Privileged:
		return nil, hypercall.GNTST_permission_denied
	}
	return d, hypercall.GNTST_okay
}

func setupTable(v *domain.VCPU, arg hypercall.Handle[byte], count uint32) int64 {
	if count != 1 {
		return fail(hypercall.EINVAL)
	}
	var s hypercall.GnttabSetupTable
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	start, length, ok := s.FrameList.Array(uint64(s.NrFrames))
	if !ok || length != 0 && !(guestmem.Usable(frame.VAddr(start)) && guestmem.Usable(frame.VAddr(start+length-1))) {
		return fail(hypercall.EFAULT)
	}
	s.Status = giveTable(v, &s)
	return given(put(v, arg, &s))
}

// giveTable makes a table as long as is asked for, and lists its frames.
func giveTable(v *domain.VCPU, s *hypercall.GnttabSetupTable) hypercall.GrantStatus {
	d, status := grantDomain(v, s.Dom)
	if d == nil {
		return status
	}
	if s.NrFrames > grant.MaxFrames || !machine.GrowGrants(v.Holder(), d, int(s.NrFrames)) {
		return hypercall.GNTST_general_error
	}
	for i, m := range d.Grants.Frames()[:s.NrFrames] {
		pfn := hypercall.XenPFN(m)
		if !put(v, hypercall.Handle[byte](s.FrameList.At(uint64(i))), &pfn) {
			return hypercall.GNTST_bad_virt_addr
		}
	}
	return hypercall.GNTST_okay
}

func querySize(v *domain.VCPU, arg hypercall.Handle[byte], count uint32) int64 {
	if count != 1 {
		return fail(hypercall.EINVAL)
	}
	var s hypercall.GnttabQuerySize
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, status := grantDomain(v, s.Dom)
	if s.Status = status; d != nil {
		// The first one is made when it is asked for, but counts as always there.
		s.NrFrames, s.MaxNrFrames = uint32(max(1, len(d.Grants.Frames()))), grant.MaxFrames
	}
	return given(put(v, arg, &s))
}

// setVersion is GNTTABOP_set_version. EINVAL: neither 1 nor 2. ENOSYS: 2.
func setVersion(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.GnttabSetVersion
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	e := hypercall.Errno(0)
	switch s.Version {
	case grantVersion:
	case 2:
		e = hypercall.ENOSYS
	default:
		e = hypercall.EINVAL
	}
	s.Version = grantVersion
	if !put(v, arg, &s) {
		return fail(hypercall.EFAULT)
	}
	return fail(e)
}

// getVersion is GNTTABOP_get_version. ESRCH: there is no such domain. EPERM: the
// caller has no rights over it.
func getVersion(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.GnttabGetVersion
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	switch _, status := grantDomain(v, s.Dom); status {
	case hypercall.GNTST_bad_domain:
		return fail(hypercall.ESRCH)
	case hypercall.GNTST_permission_denied:
		return fail(hypercall.EPERM)
	}
	s.Version = grantVersion
	return given(put(v, arg, &s))
}
