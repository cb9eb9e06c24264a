package apic

import (
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// Delivery modes and bits of the interrupt command.
const (
	icrFixed   = 0 << 8
	icrNMI     = 4 << 8
	icrINIT    = 5 << 8
	icrStartup = 6 << 8
	icrPending = 1 << 12 // xAPIC only: the last command is still on its way
	icrAssert  = 1 << 14
)

// sendPatience bounds the wait for a command to leave, in reads of the register.
const sendPatience = 1 << 16

// SendFixed interrupts the CPU with this APIC ID. False means that the APIC
// did not get the command out in time, or that an xAPIC can't address the CPU.
func SendFixed(id uint32, vector x86.Vector) bool { return lapic.send(id, icrFixed|uint32(vector)) }

// SendNMI sends a non-maskable interrupt; see SendFixed. Only to a CPU that
// runs the hypervisor: emulators let it wake one that waits for its start-up.
func SendNMI(id uint32) bool { return lapic.send(id, icrNMI) }

// SendINIT resets a CPU to its wait for a start-up; see SendFixed.
func SendINIT(id uint32) bool { return lapic.send(id, icrINIT) }

// SendStartup makes a CPU that waits for it start in real mode at page, which
// is the machine address divided by 4096, below 1 MiB; see SendFixed.
func SendStartup(id uint32, page uint8) bool { return lapic.send(id, icrStartup|uint32(page)) }

// NMIOthers sends a non-maskable interrupt to every other CPU that EnableCPU
// ran on. It takes no lock: it is for stopping them in a crash.
func NMIOthers() {
	self := ID()
	for i := range min(count.Load(), layout.MaxCPUs) {
		if place := known[i].Load(); place != 0 && uint32(place-1) != self {
			SendNMI(uint32(place - 1))
		}
	}
}

func (l *local) send(id, command uint32) bool {
	command |= icrAssert
	if l.x2 {
		// What the receiver is to find must be there before it is told.
		x86.Fence()
		x86.WRMSR(x2Base+x86.MSR(regICR>>4), uint64(id)<<32|uint64(command))
		return true
	}
	if id >= 0xff || !l.idle() { // 255 is everybody
		return false
	}
	l.write(regICRHigh, id<<24)
	l.write(regICR, command)
	return l.idle()
}

// idle waits, within a bound, until the last command has left.
func (l *local) idle() bool {
	for range sendPatience {
		if l.read(regICR)&icrPending == 0 {
			return true
		}
		x86.Pause()
	}
	return false
}
