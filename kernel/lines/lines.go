package lines

import (
	"tuco/kernel/acpi"
	"tuco/kernel/apic"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

// The vectors of the lines, one each, in the order of their numbers.
const (
	firstVector x86.Vector = 0x40
	endVector   x86.Vector = 0xf0 // from here on they are for other uses

	maxLines = uint32(endVector - firstVector)
)

// line is an interrupt line.
type line struct {
	apic.Line
	there bool // a controller has it
	taken bool // the hypervisor has it for itself
	// message: no controller has it, and its interrupts are messages of the domain's device, which
	// nothing here can mask. handled: its vector comes here.
	message, handled bool
	setUp            bool // the domain has said how it signals

	number  uint32 // the domain's PIRQ for it; 0: none
	serving bool   // masked until the domain says that it has served the interrupt
	resting bool   // masked because it was too fast
	pace    pace
	rest    timer.Timer // ends resting

	count, unwanted uint64 // interrupts that became events, and that nobody wanted
}

// What a number of the domain's stands for, if not for the line below it by one.
const (
	unused   = 0
	reserved = -1 // for something that is no line
)

// all is the state of the package. What changes after boot is guarded by lock.
var all struct {
	lock    lock.Spin
	lines   [maxLines]line
	domain  *domain.Domain // who has them; constant once it runs
	numbers [evtchn.MaxPIRQs]int32
	cpu     uint32 // the APIC ID of the CPU that is interrupted
}

// hardware is what this needs of the controllers and the clock. On the host, tests
// stand in for it.
var hardware = struct {
	route  func(l apic.Line, v x86.Vector, id uint32) bool
	mask   func(gsi uint32)
	unmask func(gsi uint32)
	wait   func(h *lock.Holder, t *timer.Timer, ns uint64)
	handle func(v x86.Vector, f func(*idt.Frame))
}{apic.Route, apic.Mask, apic.Unmask, wait, idt.SetHandler}

func wait(h *lock.Holder, t *timer.Timer, ns uint64) { t.Set(h, timer.Now()+ns) }

// Init makes ready the lines of all controllers that were added. Those of the old
// PC signal as overrides say; PCI's, if nobody says otherwise, by a low level.
func Init(overrides []acpi.Override) {
	all.lock.Init(lock.Devices)
	all.cpu = percpu.Get(0).APICID
	if all.cpu > maxDestination {
		klog.Warnf("interrupts: the boot CPU's APIC id is %d, which no I/O APIC can name; domain 0 gets no interrupt lines", klog.U(all.cpu))
		return
	}
	for gsi := range maxLines {
		l := &all.lines[gsi]
		l.Line = apic.Line{GSI: gsi, Level: true, ActiveLow: true}
		l.there = apic.HasLine(gsi)
		l.rest = timer.Timer{Func: wake, Arg: uint64(gsi)}
		if l.handled = l.there; l.there {
			hardware.handle(vector(gsi), interrupt)
		}
	}
	const isa = 16
	for irq := range uint8(isa) {
		if l := apic.ISALine(irq, overrides); l.GSI < maxLines {
			all.lines[l.GSI].Line = l
		}
	}
}

// maxDestination is the highest APIC ID that an I/O APIC can send to.
const maxDestination = 0xff

// Take keeps a line for the hypervisor. For the boot sequence, after Init.
func Take(gsi uint32) {
	if gsi < maxLines {
		all.lines[gsi].taken = true
	}
}

// Give gives all others to a domain, while it is built. There is one such domain.
func Give(d *domain.Domain) { all.domain = d }

// Has tells whether a domain has them.
func Has(d *domain.Domain) bool { return d == all.domain }

// find is the line of a number that a guest has named; nil if there is none.
func find(gsi int32) *line {
	if uint32(gsi) >= maxLines || !all.lines[gsi].there {
		return nil
	}
	return &all.lines[gsi]
}

// named is the line that a PIRQ stands for; nil if it is none's. The lock is held.
func named(number uint32) *line {
	if number >= evtchn.MaxPIRQs || all.numbers[number] <= unused {
		return nil
	}
	return &all.lines[all.numbers[number]-1]
}

// interrupt takes the interrupts of all lines.
func interrupt(f *idt.Frame) {
	h := &percpu.Current().Locks
	all.lock.Lock(h)
	e := all.lines[f.Vector()-firstVector].arrive(h)
	all.lock.Unlock(h)
	apic.EOI()
	machine.Apply(h, e)
}
