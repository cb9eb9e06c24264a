package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
)

// memoryMap is XENMEM_memory_map. ENOSYS: the domain was given none.
func memoryMap(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenMemoryMap
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, h, list := v.Domain, v.Holder(), &room(v).entries
	d.Lock.Lock(h)
	n := copy(list[:], d.Map[:d.MapEntries])
	d.Lock.Unlock(h)
	if n == 0 {
		return fail(hypercall.ENOSYS)
	}
	s.NrEntries = min(s.NrEntries, uint32(n))
	return given(putAll(v, s.Buffer, list[:s.NrEntries]) && put(v, arg, &s))
}

// setMemoryMap is XENMEM_set_memory_map. EINVAL: more entries than a map can have.
func setMemoryMap(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenForeignMemoryMap
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Map.NrEntries > domain.MaxMap {
		return fail(hypercall.EINVAL)
	}
	d, e := subject(v, s.DomID)
	if e != 0 {
		return fail(e)
	}
	h, list := v.Holder(), room(v).entries[:s.Map.NrEntries]
	if !getAll(v, list, s.Map.Buffer) {
		return fail(hypercall.EFAULT)
	}
	d.Lock.Lock(h)
	d.MapEntries = copy(d.Map[:], list)
	d.Lock.Unlock(h)
	return 0
}

// machineMemoryMap is XENMEM_machine_memory_map. EPERM: the caller is not
// privileged. EINVAL: there is no room for all of it.
func machineMemoryMap(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	if !v.Domain.Privileged {
		return fail(hypercall.EPERM)
	}
	var s hypercall.XenMemoryMap
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Buffer != 0 {
		if uint64(s.NrEntries) < uint64(len(machine.MemoryMap)) {
			return fail(hypercall.EINVAL)
		}
		for i := range machine.MemoryMap {
			r := &machine.MemoryMap[i]
			e := hypercall.MakeE820(uint64(r.Start), r.Size(), uint32(r.Type))
			if !put(v, hypercall.Handle[byte](s.Buffer.At(uint64(i))), &e) {
				return fail(hypercall.EFAULT)
			}
		}
	}
	s.NrEntries = uint32(len(machine.MemoryMap))
	return given(put(v, arg, &s))
}
