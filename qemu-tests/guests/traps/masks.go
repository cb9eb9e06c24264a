package traps

import "tuco/qemu-tests/guests/pv"

// masks tries each way to come to a handler, with events masked before or not, and a handler that masks them or not.
func masks(t *pv.T) {
	info := pv.This().Info
	for _, before := range [...]uint8{0, 1} {
		for _, masking := range [...]bool{false, true} {
			pv.SetTrap(pv.UD, 0, masking)
			info.EvtchnUpcallMask = before
			trap := pv.Catch(undefined)
			t.Equal("mask after iret", uint64(info.EvtchnUpcallMask), uint64(before))
			info.EvtchnUpcallMask = 0
			requireMasks(t, trap, before, masking)

			var u pv.User
			u.Start(undefined)
			if before != 0 {
				u.Iret.RFLAGS &^= pv.FlagIF
			}
			requireMasks(t, u.Run(), before, masking)
		}
	}
	pv.SetTrap(pv.UD, 0, false)
}

func requireMasks(t *pv.T, trap pv.Trap, before uint8, masking bool) {
	t.Trapped("UD2", trap, pv.UD, 0)
	t.Check(trap.UpcallMask == (before != 0), "the saved mask is wrong: it was %d", uint64(before))
	t.Check(trap.RFLAGS&pv.FlagIF == 0 == (before != 0), "IF in the saved flags %x is wrong: the mask was %d", trap.RFLAGS, uint64(before))
	t.Check(trap.Masked == (masking || before != 0), "the handler started with the wrong mask: it was %d", uint64(before))
}

// flagsAndTrap sets flags and traps.
func flagsAndTrap()

// entryFlags: a handler starts with a clean state, but for the direction flag, which it has to clear itself.
func entryFlags(t *pv.T) {
	for _, run := range [...]func(func()) pv.Trap{pv.Catch, pv.RunUser} {
		trap := run(flagsAndTrap)
		t.Trapped("UD2", trap, pv.UD, 0)
		const set = pv.FlagDF | pv.FlagNT | pv.FlagAC
		t.Equal("saved flags", trap.RFLAGS&set, set)
		t.Equal("flags at the handler's start", trap.EntryFlags&(set|pv.FlagTF|pv.FlagIF|pv.FlagIOPL|pv.FlagRF), pv.FlagDF|pv.FlagIF)
	}
}

// depth is how far trapInHandler goes on.
var depth int

func trapInHandler(f *pv.Frame) {
	f.Iret.RIP += opcodeSizeUD2
	if depth++; depth < 4 {
		undefined()
	}
}

// nested traps in handlers: the same exception, and others whose handlers have state in memory.
func nested(t *pv.T) {
	depth = 0
	pv.OnTrap(pv.UD, trapInHandler)
	undefined()
	t.Equal("depth", uint64(depth), 4)
	pv.OnTrap(pv.UD, faultInHandler)
	undefined()
	pv.OnTrap(pv.UD, nil)
	t.Trapped("page fault in a handler", faultOfHandler, pv.PF, 0)
	t.Equal("cr2", faultOfHandler.CR2, target)
}

var faultOfHandler pv.Trap

func faultInHandler(f *pv.Frame) {
	f.Iret.RIP += opcodeSizeUD2
	target = 0x1000
	faultOfHandler = pv.Catch(readTarget)
}
