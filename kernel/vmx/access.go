package vmx

import "tuco/kernel/klog"

// put writes a field of the current VMCS. The CPU refuses only when there is
// no current VMCS or no such field, and either is our bug.
func put(f Field, v uint64) {
	if r := vmwrite(f, v); r != Succeeded {
		klog.Bugf("VMWRITE of field %x refused", klog.X(f))
	}
}

// get reads a field of the current VMCS; see put.
func get(f Field) uint64 {
	v, r := vmread(f)
	if r != Succeeded {
		klog.Bugf("VMREAD of field %x refused", klog.X(f))
	}
	return v
}

// must reports an instruction that failed where only a bug of ours makes it fail.
func must(r Result, what string) {
	if r != Succeeded {
		klog.Bugf("%s failed: %s", klog.S(what), klog.S(r.String()))
	}
}
