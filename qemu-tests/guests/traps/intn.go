package traps

import "tuco/qemu-tests/guests/pv"

func int20()
func int80()

// intN raises software interrupts in the kernel, which may raise all that have a handler of level 1 or more.
func intN(t *pv.T) {
	trap := pv.Catch(int80)
	t.Trapped("INT 0x80 of level 3", trap, pv.SyscallVector, 0)
	requireAt(t, "INT 0x80", trap.RIP, "\xcd\x80", true)
	pv.SetTrap(0x20, 1, false)
	pv.SetTrap(doubled(0x20), 1, false)
	trap = pv.Catch(int20)
	t.Trapped("INT 0x20 of level 1", trap, doubled(0x20), 0)
	requireAt(t, "INT 0x20", trap.RIP, "\xcd\x20", true)
	pv.SetTrap(0x20, 0, false)
	pv.SetTrap(doubled(0x20), 0, false)
	trap = pv.Catch(int20)
	t.Trapped("INT 0x20 of level 0", trap, pv.GP, selectorError(0x20))
	requireAt(t, "INT 0x20", trap.RIP, "\xcd\x20", false)
}

func intNUser(t *pv.T) {
	t.Trapped("INT 0x80 of level 3", pv.RunUser(int80), pv.SyscallVector, 0)
	for level := range uint8(4) {
		pv.SetTrap(0x20, level, false)
		pv.SetTrap(doubled(0x20), level, false)
		trap := pv.RunUser(int20)
		if level == 3 {
			t.Trapped("INT 0x20 of level 3", trap, doubled(0x20), 0)
		} else {
			t.Trapped("INT 0x20 of a lower level", trap, pv.GP, selectorError(0x20))
		}
	}
	pv.SetTrap(0x20, 0, false)
	pv.SetTrap(doubled(0x20), 0, false)
}

// selectorError is the error code for a vector that INT n may not raise.
func selectorError(v pv.Vector) uint64 {
	const fromIDT = 2
	return uint64(doubled(v))*8 + fromIDT
}

// doubled is the vector that a paravirtual guest's INT n reaches. Xen learns n from the error code of the #GP that the
// processor raises, and QEMU up to 7.2 has it wrong: the vector times 16, not times 8. Tuco reads the instruction.
func doubled(v pv.Vector) pv.Vector {
	if pv.OnTuco() {
		return v
	}
	return 2 * v
}
