package emulation

import "tuco/qemu-tests/guests/pv"

func cliSTI()
func popFlags() (flags uint64)

// flags: the interrupt flag of a paravirtual guest is in the shared page, and that in the flags register is
// always set.
func flags(t *pv.T) {
	info := pv.This().Info
	t.OK("set_iopl", setIOPL(0))
	t.Trapped("CLI at level 0", pv.Catch(cliSTI), pv.GP, 0)
	t.Trapped("CLI in user mode", pv.RunUser(cliSTI), pv.GP, 0)
	t.OK("set_iopl", setIOPL(1))
	info.EvtchnUpcallMask = 1
	t.NoTrap("CLI and STI at level 1", pv.Catch(cliSTI))
	t.Equal("the mask", uint64(info.EvtchnUpcallMask), 1)
	info.EvtchnUpcallMask = 0
	t.OK("set_iopl", setIOPL(0))
	var got uint64
	t.NoTrap("POPF with IF clear", pv.Catch(func() { got = popFlags() }))
	t.Check(got&pv.FlagIF != 0, "the flags are %x after POPF with IF clear", got)
	t.Equal("the mask", uint64(info.EvtchnUpcallMask), 0)
}

// upcalls counts those that halt is woken by.
var upcalls int

func countUpcall(*pv.Frame) {
	upcalls++
	pv.ForgetEvents()
}

// halted: HLT is SCHEDOP_block, and unmasks upcalls like that.
func halted(t *pv.T) {
	info := pv.This().Info
	pv.MaskUpcalls()
	a, b := pv.Loopback()
	pv.ForgetEvents()
	pv.OnTrap(pv.Event, countUpcall)
	upcalls = 0
	t.OK("send", pv.Send(a))
	t.Equal("upcalls before", uint64(upcalls), 0)
	if trap := pv.Catch(halt); pv.OnTuco() {
		t.NoTrap("HLT", trap)
		t.Equal("upcalls", uint64(upcalls), 1)
		t.Equal("the mask", uint64(info.EvtchnUpcallMask), 0)
	} else {
		t.Trapped("HLT", trap, pv.GP, 0) // Xen wants SCHEDOP_block
		pv.ForgetEvents()
		info.EvtchnUpcallMask = 0
	}
	pv.OnTrap(pv.Event, nil)
	pv.Close(a, b)
}
