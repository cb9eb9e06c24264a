package calls

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// unknown makes calls that there are not.
func unknown(t *pv.T) {
	for _, n := range [...]hypercall.Number{11, 43, 53, 63} {
		t.Errno("no such call", pv.Call(n, 0, 0, 0, 0, 0), hypercall.ENOSYS)
	}
	for _, n := range [...]hypercall.Number{64, 1000, 1<<32 + hypercall.HYPERVISOR_xen_version, 1 << 63} {
		t.Errno("number beyond the hypercall page", pv.Syscall(n, 0, 0, 0, 0, 0), hypercall.ENOSYS)
	}
}

// bySyscall: the hypercall page is not needed.
func bySyscall(t *pv.T) {
	page := pv.Call(hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version, 0, 0, 0, 0)
	t.Equal("version", pv.Syscall(hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version, 0, 0, 0, 0), page)
}

// keepRegisters makes a hypercall with a number in the registers that it must not change, and returns how many it did.
func keepRegisters() (changed uint64)

// registers: a call may change RAX, RCX, R11 and those of its arguments. The rest stays, vector registers too.
func registers(t *pv.T) {
	t.Equal("registers changed", keepRegisters(), 0)
}
