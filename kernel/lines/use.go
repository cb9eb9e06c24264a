package lines

import (
	"tuco/hypercall"
	"tuco/kernel/apic"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/x86"
)

func vector(gsi uint32) x86.Vector { return firstVector + x86.Vector(gsi) }

// Setup says how a line signals. It is said once.
//
// EINVAL: no such line. EEXIST: it was said before; or the line is in use, by the
// domain or by the hypervisor.
func Setup(h *lock.Holder, gsi int32, level, activeLow bool) (e hypercall.Errno) {
	l := find(gsi)
	if l == nil {
		return hypercall.EINVAL
	}
	all.lock.Lock(h)
	if l.taken || l.setUp || l.bound() {
		e = hypercall.EEXIST
	} else {
		l.Level, l.ActiveLow, l.setUp = level, activeLow, true
	}
	all.lock.Unlock(h)
	return e
}

// Bind gives a domain a port for one of its numbers, and lets the line interrupt.
//
// EBUSY: the line is the hypervisor's. Other errors are evtchn.BindPIRQ's.
func Bind(h *lock.Holder, d *domain.Domain, number uint32) (hypercall.Port, hypercall.Errno) {
	if d == all.domain && isTaken(h, number) {
		return 0, hypercall.EBUSY
	}
	port, e := evtchn.BindPIRQ(h, &d.Events, number)
	if e != 0 || d != all.domain {
		return port, e
	}
	all.lock.Lock(h)
	// Another of its vCPUs may have unmapped the number meanwhile, or closed the port.
	if l := named(number); l != nil && l.bound() {
		l.start()
	}
	all.lock.Unlock(h)
	return port, 0
}

func isTaken(h *lock.Holder, number uint32) bool {
	all.lock.Lock(h)
	l := named(number)
	taken := l != nil && l.taken
	all.lock.Unlock(h)
	return taken
}

// EOI says that an interrupt was served: the line may interrupt again.
//
// EINVAL: the number stands for nothing.
func EOI(h *lock.Holder, number uint32) (e hypercall.Errno) {
	all.lock.Lock(h)
	if l := named(number); l != nil {
		if l.serving {
			l.serving = false
			hardware.unmask(l.GSI)
		}
	} else if number >= evtchn.MaxPIRQs || all.numbers[number] == unused {
		e = hypercall.EINVAL
	}
	all.lock.Unlock(h)
	return e
}

// NeedsEOI tells whether EOI is to be called for a number. It is of use for lines
// that are triggered by their level only.
func NeedsEOI(h *lock.Holder, number uint32) bool {
	all.lock.Lock(h)
	l := named(number)
	needs := l == nil || l.Level
	all.lock.Unlock(h)
	return needs
}

// ReadController reads a register of the I/O APIC at an address, 0 for one that it
// does not have; false if there is no such controller.
func ReadController(h *lock.Holder, at frame.MAddr, r uint32) (uint32, bool) {
	all.lock.Lock(h)
	value, ok := apic.IORegister(at, r)
	all.lock.Unlock(h)
	return value, ok
}
