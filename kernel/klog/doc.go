// Package klog is the hypervisor's log: leveled lines, formatted with no
// allocation, to the console and to a ring in memory.
//
// A line is formatted on the caller's stack and handed over whole, so that
// lines of several CPUs never mix. An argument is made by a function that says
// how it is shown; the verb in the format is a placeholder for the reader's
// sake:
//
//	klog.Infof("cpu %d: APIC id %d, %s", klog.D(id), klog.D(apic), klog.S(name))
//
// Informational lines stand bare; the others begin with their level, as in
// "warning: ". The host tool judges a boot by these lines.
package klog
