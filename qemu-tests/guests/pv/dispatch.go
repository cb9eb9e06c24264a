package pv

import (
	"tuco/hypercall"
	"tuco/kernel/text"
)

// handlers are those that OnTrap set.
var handlers [vectors]func(*Frame)

// OnTrap gives a vector to a handler, on all vCPUs; nil takes it back.
func OnTrap(v Vector, handler func(*Frame)) { handlers[v] = handler }

// dispatchFunc is what common calls.
//
//lint:ignore U1000 the assembly code refers to it
var dispatchFunc = dispatch

func dispatch(f *Frame, s *saved, c *CPU) {
	f.complete(s, c)
	switch handler := handlers[f.Vector]; {
	case handler != nil:
		handler(f)
	case f.FromUser() && c.userSP != 0:
		c.userExit = *f
		f.land(c.userSP)
	case !f.FromUser() && c.catchSP != 0:
		c.caught = f.Trap
		f.land(c.catchSP)
	default:
		unexpected(f)
	}
}

// The flags that matter here.
const (
	FlagTF   = 1 << 8
	FlagIF   = 1 << 9
	FlagDF   = 1 << 10
	FlagIOPL = 3 << 12
	FlagNT   = 1 << 14
	FlagRF   = 1 << 16
	FlagAC   = 1 << 18
)

// land makes a frame return from the catch or enterUser that left off at rsp, with upcalls masked: Catch and Run restore the mask.
func (f *Frame) land(rsp uint64) {
	f.BP = *At[uint64](rsp)
	f.Iret.Flags = 0
	f.Iret.RIP, f.Iret.RSP = landingAt(), rsp
	f.Iret.CS, f.Iret.SS = kernelCS, hypercall.FLAT_KERNEL_SS
	f.Iret.RFLAGS = 0 // none of those that the code has set, such as DF, may reach Go code
}

// kernelCS is the kernel's code selector as a frame has it: with privilege level 0.
const kernelCS = hypercall.FLAT_KERNEL_CS &^ 3

// Catch calls f, and returns with the first trap in kernel mode that has no handler, or with None when f returned. After a trap,
// upcalls are masked as before.
func Catch(f func()) Trap {
	c := This()
	outer := c.catchSP
	c.caught = Trap{Vector: None}
	mask := c.Info.EvtchnUpcallMask
	catch(c, f)
	c.catchSP = outer
	if c.caught.Vector != None {
		c.Info.EvtchnUpcallMask = mask
	}
	return c.caught
}

//go:noescape
func catch(c *CPU, f func())

func landingAt() uint64
func vectorsAt() uint64

// unexpected reports a trap that nobody wanted, and ends the guest.
func unexpected(f *Frame) {
	var l text.Line
	l.Str("unexpected ").Str(f.Vector.String())
	l.Template(" (error %x, cr2 %x) at rip %x, cs %x, rsp %x", f.Error, f.CR2, f.Iret.RIP, f.Iret.CS, f.Iret.RSP)
	l.Template(", rax %x, rcx %x, rdx %x, rbx %x, rsi %x, rdi %x, rbp %x", f.Iret.RAX, f.Iret.RCX, f.DX, f.BX, f.SI, f.DI, f.BP)
	fatal(&l)
}

// String is the vector's name.
func (v Vector) String() string {
	if v == None {
		return "no trap"
	}
	if v < vectors && vectorNames[v] != "" {
		return vectorNames[v]
	}
	return "interrupt"
}

var vectorNames = [vectors]string{
	DE: "#DE", DB: "#DB", BP: "#BP", OF: "#OF", UD: "#UD", NM: "#NM", NP: "#NP", SS: "#SS", GP: "#GP", PF: "#PF", MF: "#MF",
	AC: "#AC", XM: "#XM", Event: "event", Failsafe: "failsafe", Syscall64: "syscall", Syscall32: "32-bit syscall",
	Sysenter: "sysenter", NMI: "NMI",
}
