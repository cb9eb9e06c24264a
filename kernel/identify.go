package main

import (
	"tuco/kernel/klog"
	"tuco/kernel/x86"
)

// logProcessor names the processor, in the line that begins with "vendor:".
func logProcessor() {
	id := x86.Identify()
	vendor := "unknown"
	switch string(id.Vendor[:]) {
	case "AuthenticAMD", "HygonGenuine":
		vendor = "AMD"
	case "GenuineIntel", "CentaurHauls", "  Shanghai  ":
		vendor = "Intel"
	}
	klog.Infof("vendor: %s (%s), family %d model %d stepping %d, %s", klog.S(vendor), klog.B(id.Vendor[:]),
		klog.D(id.Family), klog.D(id.Model), klog.D(id.Stepping), klog.B(id.Brand()))
}
