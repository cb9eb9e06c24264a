// Package pci knows the PCI functions that domain 0 has found: it looks for them, and
// tells. Nothing here reaches a device.
//
// Public header physdev.h, "PHYSDEVOP_pci_device_add".
package pci

import (
	"tuco/hypercall"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// Function is the address of a PCI function.
type Function struct {
	Segment    uint16
	Bus, DevFn uint8
}

// MaxFunctions is how many are known at most.
const MaxFunctions = 1024

// known are the functions, in no order.
var known struct {
	lock lock.Spin
	list [MaxFunctions]Function // [lock]
	n    int                    // [lock]
}

// Init makes the package usable.
func Init() { known.lock.Init(lock.Devices) }

// Add notes a function. To note it again changes nothing.
//
// ENOSPC: there are too many.
func Add(h *lock.Holder, f Function) (e hypercall.Errno) {
	known.lock.Lock(h)
	switch {
	case find(f) >= 0:
	case known.n == MaxFunctions:
		e = hypercall.ENOSPC
	default:
		known.list[known.n] = f
		known.n++
	}
	known.lock.Unlock(h)
	return e
}

// Remove forgets a function.
//
// ENODEV: it is not known.
func Remove(h *lock.Holder, f Function) (e hypercall.Errno) {
	known.lock.Lock(h)
	if i := find(f); i >= 0 {
		known.n--
		known.list[i] = known.list[known.n]
	} else {
		e = hypercall.ENODEV
	}
	known.lock.Unlock(h)
	return e
}

// find is a function's place, or -1. The lock is held.
func find(f Function) int {
	for i := range known.n {
		if known.list[i] == f {
			return i
		}
	}
	return -1
}

// shown is how many functions are listed at most, with the lock held.
const shown = 64

// Show logs the functions.
func Show(h *lock.Holder) {
	known.lock.Lock(h)
	klog.Infof("PCI functions that domain 0 has found: %d", klog.D(known.n))
	for _, f := range known.list[:min(known.n, shown)] {
		klog.Infof("  segment %u, bus %u, device %u, function %u", klog.U(f.Segment), klog.U(f.Bus), klog.U(f.DevFn>>3), klog.U(f.DevFn&7))
	}
	known.lock.Unlock(h)
}
