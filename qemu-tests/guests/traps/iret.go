package traps

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// iretRefused gives the hypercall iret what the processor will refuse. The trap is that of the state which iret was to
// make: as if the first instruction there had raised it.
func iretRefused(t *pv.T) {
	for _, c := range [...]struct {
		what        string
		cs, ss, rip uint64
		err         uint64
	}{
		{"CS with a null descriptor", 0x103, hypercall.FLAT_USER_SS, 0, 0x100},
		{"CS of data", hypercall.FLAT_USER_SS, hypercall.FLAT_USER_SS, 0, hypercall.FLAT_USER_SS &^ 3},
		{"SS with a null descriptor", hypercall.FLAT_USER_CS, 0x103, 0, 0x100},
		{"SS of code", hypercall.FLAT_USER_CS, hypercall.FLAT_USER_CS, 0, hypercall.FLAT_USER_CS &^ 3},
		{"RIP that is not canonical", hypercall.FLAT_USER_CS, hypercall.FLAT_USER_SS, nonCanonicalAddress, 0},
	} {
		var u pv.User
		u.Start(undefined)
		u.Iret.CS, u.Iret.SS = c.cs, c.ss
		if c.rip != 0 {
			u.Iret.RIP = c.rip
		}
		rip := u.Iret.RIP
		trap := u.Run()
		if t.Trapped(c.what, trap, pv.GP, c.err) {
			t.Equal("saved RIP", trap.RIP, rip)
			t.Equal("saved CS", trap.CS, c.cs)
			t.Equal("saved SS", trap.SS, c.ss)
		}
	}
}
