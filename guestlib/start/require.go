package start

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// What the library needs of a hypervisor, and what it can't run with: a bit for each XENFEAT_*. Several vCPUs have pages cleared
// by the hypervisor; page tables hold machine frames; and the way into the library is made for ring 3.
var (
	required uint32 = 1 << hypercall.XENFEAT_highmem_assist
	refused  uint32 = 1<<hypercall.XENFEAT_auto_translated_physmap | 1<<hypercall.XENFEAT_supervisor_mode_kernel
)

// require ends the domain if it was not started as the library has to be, or the hypervisor is not as it needs it.
func require(info *hypercall.StartInfo) {
	if !info.Paravirtual() {
		console.Fatal("this was not started as a 64-bit paravirtual kernel: the start info does not begin with xen-3.0-x86_64")
	}
	var features hypercall.XenFeatureInfo
	result := hypercalls.Call(hypercall.HYPERVISOR_xen_version, hypercall.XENVER_get_features, hypercalls.Address(&features), 0, 0, 0)
	if hypercall.Failed(result) != 0 {
		console.Fatal("the hypervisor does not tell its features")
	}
	complain("the hypervisor lacks features that a Go guest needs", required&^features.Submap)
	complain("the hypervisor has features that a Go guest can't run with", refused&features.Submap)
}

// complain ends the domain if there are features to complain of.
func complain(what string, features uint32) {
	if features == 0 {
		return
	}
	var l console.Line
	l.Str("guest: ").Str(what).Str(": XENFEAT_* bits ").Hex(uint64(features)).End()
	hypercalls.Shutdown(hypercall.SHUTDOWN_crash)
}
