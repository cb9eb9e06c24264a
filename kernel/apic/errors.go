package apic

import "tuco/kernel/klog"

// Errors are the local APIC's error bits.
type Errors uint32

var errorNames = [8]string{
	"send checksum", "receive checksum", "send accept", "receive accept",
	"redirectable IPI", "send illegal vector", "receive illegal vector", "illegal register",
}

// TakeErrors returns this CPU's errors since the last call, and clears them.
func TakeErrors() Errors { return lapic.errors() }

// errors latches what happened into the register, reads it, and clears it.
func (l *local) errors() Errors {
	l.write(regESR, 0)
	e := Errors(l.read(regESR)) & 0xff
	l.write(regESR, 0)
	return e
}

// Log writes a warning for each error.
func (e Errors) Log(cpu int) {
	for i, name := range errorNames {
		if e>>i&1 != 0 {
			klog.Warnf("cpu %d: APIC error: %s", klog.D(cpu), klog.S(name))
		}
	}
}
