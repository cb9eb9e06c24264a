package klog

// OnBug reports a bug of the hypervisor's and ends the machine; it does not
// return. Package crash sets it; on the host a test may.
var OnBug func(reason []byte)

// Bug ends the hypervisor: reason says what rule of our own was broken.
// A guest must never be able to reach it.
func Bug(reason string) { Bugf("%s", S(reason)) }

// Bugf is Bug with a formatted reason.
func Bugf(format string, args ...Arg) {
	var l line
	l.format(format, args)
	if OnBug != nil {
		OnBug(l.bytes())
	}
	panic("klog: a bug was reported and nothing takes reports")
}
