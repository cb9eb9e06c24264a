package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/pci"
)

// The commands by which domain 0 tells of the PCI functions that it has found, or has
// lost. ENOSPC: more than are kept. ENODEV: it was not told of, or was lost before.

func addPCI(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevPCIDeviceAdd
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(pci.Add(v.Holder(), pci.Function{Segment: s.Seg, Bus: s.Bus, DevFn: s.Devfn}))
}

func removePCI(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevPCIDevice
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(pci.Remove(v.Holder(), pci.Function{Segment: s.Seg, Bus: s.Bus, DevFn: s.Devfn}))
}

// The older commands, for segment 0 only.

func addPCIByBus(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevManagePCI
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(pci.Add(v.Holder(), pci.Function{Bus: s.Bus, DevFn: s.Devfn}))
}

func removePCIByBus(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevManagePCI
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	return fail(pci.Remove(v.Holder(), pci.Function{Bus: s.Bus, DevFn: s.Devfn}))
}

// addPCIExt is PHYSDEVOP_manage_pci_add_ext. EINVAL: what says yes or no says neither.
func addPCIExt(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevManagePCIExt
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.IsExtfn > 1 || s.IsVirtfn > 1 {
		return fail(hypercall.EINVAL)
	}
	return fail(pci.Add(v.Holder(), pci.Function{Bus: s.Bus, DevFn: s.Devfn}))
}
