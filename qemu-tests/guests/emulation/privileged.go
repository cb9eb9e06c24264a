package emulation

import "tuco/qemu-tests/guests/pv"

// privilegedCode is instructions with nothing but effects, and what they raise in the kernel; user mode gets #GP for
// all.
var privilegedCode = [...]struct {
	what string
	code func()
	v    pv.Vector
}{
	{"CLTS", clts, pv.None},
	{"WBINVD", wbinvd, pv.None},
	{"LGDT", lgdt, pv.GP},
	{"LIDT", lidt, pv.GP},
	{"LLDT", lldt, pv.GP},
	{"LTR", ltr, pv.GP},
	{"LMSW", lmsw, pv.GP},
	{"read of CR8", readCR8, pv.GP},
	{"SWAPGS", swapgs, pv.GP},
	{"SYSRET", sysret, pv.GP},
	{"RDPMC", rdpmc, pv.GP},
}

func clts()
func invlpg()
func wbinvd()
func lgdt()
func lidt()
func lldt()
func ltr()
func lmsw()
func readCR8()
func swapgs()
func sysret()
func rdpmc()
func halt()

func privileged(t *pv.T) {
	for i := range privilegedCode {
		c := &privilegedCode[i]
		t.Trapped(c.what, pv.Catch(c.code), c.v, 0)
		t.Trapped(c.what, pv.RunUser(c.code), pv.GP, 0)
	}
	t.Trapped("HLT", pv.RunUser(halt), pv.GP, 0)
	t.Trapped("INVLPG", pv.RunUser(invlpg), pv.GP, 0)
	if trap := pv.Catch(invlpg); pv.OnTuco() {
		t.NoTrap("INVLPG", trap)
	} else {
		t.Trapped("INVLPG", trap, pv.GP, 0) // Xen wants MMUEXT_INVLPG_LOCAL
	}
}
