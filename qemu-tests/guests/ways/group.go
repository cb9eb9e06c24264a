// Package ways tests the ways into the guest's kernel and out of it with what no kernel would ask for. What comes of each
// case is written down, a line each, to be the same however the hypervisor serves it:
//
//	seen: WHAT N M: VECTOR error E state S
//
// S stands for all registers and what the trap told.
package ways

import (
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests, for a domain with two vCPUs. The last moves the first vCPU's vcpu_info for good.
var Group = pv.Group{Name: "ways", Alone: true, Tests: []pv.Test{
	{Name: "selectors", Run: selectors},
	{Name: "selectors-kernel", Run: selectorsKernel},
	{Name: "flags", Run: flags},
	{Name: "flags-kernel", Run: flagsKernel},
	{Name: "addresses", Run: addresses},
	{Name: "addresses-kernel", Run: addressesKernel},
	{Name: "edge", Run: edge},
	{Name: "area", Run: area},
	{Name: "area-kernel", Run: areaKernel},
	{Name: "registers", Run: registers},
	{Name: "gs", Run: gs},
	{Name: "privileged", Run: privileged},
	{Name: "remapped", Run: remapped},
	{Name: "moved-info", Run: movedInfo},
}}

// nowhere is an address where nothing is mapped: code there faults at its first instruction.
const nowhere = 0x10_0000

// digest is an FNV-1a hash.
type digest uint64

func (d *digest) add(values ...uint64) {
	const basis, prime = 0xcbf2_9ce4_8422_2325, 0x100_0000_01b3
	if *d == 0 {
		*d = basis
	}
	for _, v := range values {
		for range 8 {
			*d = (*d ^ digest(v&0xff)) * prime
			v >>= 8
		}
	}
}

// addTrap takes up a trap, but for RF in the flags, which processors save in different ways.
func (d *digest) addTrap(t *pv.Trap) {
	cr2, masks := uint64(0), uint64(0)
	if t.Vector == pv.PF {
		cr2 = t.CR2
	}
	if t.UpcallMask {
		masks |= 1
	}
	if t.Masked {
		masks |= 2
	}
	d.add(uint64(t.Vector), t.Error, cr2, t.RIP, t.CS, t.RFLAGS&^pv.FlagRF, t.RSP, t.SS, masks, t.EntryFlags, t.BounceSP)
}

// note writes down what a trap in the kernel tells of case n, m.
func note(what string, n, m uint64, t *pv.Trap) {
	var d digest
	d.addTrap(t)
	d.print(what, n, m, t)
}

// noteUser writes down what there was in user mode.
func noteUser(what string, n, m uint64, u *pv.User) { noteFrame(what, n, m, &u.Frame) }

func noteFrame(what string, n, m uint64, u *pv.Frame) {
	var d digest
	d.addTrap(&u.Trap)
	for i := range u.XMM {
		d.add(u.XMM[i][0], u.XMM[i][1])
	}
	d.add(u.R15, u.R14, u.R13, u.R12, u.BP, u.BX, u.R10, u.R9, u.R8, u.DX, u.SI, u.DI, u.Iret.RAX, u.Iret.RCX,
		u.Iret.R11&^pv.FlagRF)
	d.print(what, n, m, &u.Trap)
}

func (d *digest) print(what string, n, m uint64, t *pv.Trap) {
	var l text.Line
	l.Str("seen: ").Str(what).Template(" %x %x: ", n, m).Str(t.Vector.String())
	pv.PrintLine(l.Template(" error %x state %x", t.Error, uint64(*d)))
}

// never are flags that the kernel never begins with, whatever was set before.
const never = pv.FlagTF | pv.FlagIOPL | pv.FlagNT | pv.FlagRF | 1<<17 | pv.FlagAC | 1<<19 | 1<<20

// entered requires of a trap what holds for all.
func entered(t *pv.T, what string, trap *pv.Trap) {
	t.Check(trap.Vector != pv.None, "no trap")
	t.Equal(what, trap.EntryFlags&never, 0)
}

// shared has user mode see what the kernel sees.
func shared() { pv.UseUserRoot(pv.SharedRoot()) }

// userStack is what user mode's stack pointer is, where nobody uses it.
const userStack = 0x20_0000

// changed is how a handler is to change the frame that it returns by.
var changed func(*pv.Frame)

func change(f *pv.Frame) { changed(f) }

// returned has a handler of the kernel's return by a frame that was changed, to the kernel, and tells the next trap.
func returned(how func(*pv.Frame)) pv.Trap {
	changed = how
	pv.OnTrap(pv.UD, change)
	trap := pv.Catch(undefined)
	pv.OnTrap(pv.UD, nil)
	return trap
}

func undefined()
