package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/percpu"
)

// mcaHead is what hypercall.XenMC begins with, and mcaBody where the command's
// structure is, in bytes.
type mcaHead struct {
	Cmd              uint32
	InterfaceVersion uint32
}

const mcaBody = 8

// mca is mca. A machine check ends the host, so that there is never one that domain 0
// could hear of.
//
// EPERM: the caller is not privileged. EFAULT. EACCES: another version of the
// interface. EINVAL: no such command.
func mca(v *domain.VCPU, a *hypercall.Args) int64 {
	if e := over(v); e != 0 {
		return fail(e)
	}
	arg := hypercall.Handle[byte](a.MCA())
	var s mcaHead
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.InterfaceVersion != hypercall.XEN_MCA_INTERFACE_VERSION {
		return fail(hypercall.EACCES)
	}
	switch s.Cmd {
	case hypercall.XEN_MC_fetch:
		return fetchMC(v, arg+mcaBody)
	case hypercall.XEN_MC_physcpuinfo:
		return listCPUs(v, arg+mcaBody)
	}
	return fail(hypercall.EINVAL)
}

// fetchMC is XEN_MC_fetch. EINVAL: neither of the two kinds, or both; or no place for
// the data.
func fetchMC(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenMCFetch
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	kind := s.Flags & (hypercall.XEN_MC_NONURGENT | hypercall.XEN_MC_URGENT)
	if kind != hypercall.XEN_MC_NONURGENT && kind != hypercall.XEN_MC_URGENT {
		return fail(hypercall.EINVAL)
	}
	if s.Flags&hypercall.XEN_MC_ACK != 0 {
		s.Flags = hypercall.XEN_MC_OK
	} else {
		if s.Data == 0 {
			return fail(hypercall.EINVAL)
		}
		s.Flags, s.FetchID = hypercall.XEN_MC_OK|hypercall.XEN_MC_NODATA, 0
	}
	return given(put(v, arg, &s))
}

// listCPUs is XEN_MC_physcpuinfo. EINVAL: a list with no place for any.
func listCPUs(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenMCPhyscpuinfo
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	n := uint32(percpu.Count())
	if s.Info != 0 {
		if int32(s.Ncpus) <= 0 {
			return fail(hypercall.EINVAL)
		}
		n = min(n, s.Ncpus)
		for i := range n {
			cpu := hypercall.McinfoLogicalCPU{
				McCpunr: i, McApicid: percpu.Get(int(i)).APICID, McNcores: 1, McNcoresActive: 1, McNthreads: 1,
			}
			if !put(v, hypercall.Handle[byte](s.Info.At(uint64(i))), &cpu) {
				return fail(hypercall.EFAULT)
			}
		}
	}
	s.Ncpus = n
	return given(put(v, arg, &s))
}
