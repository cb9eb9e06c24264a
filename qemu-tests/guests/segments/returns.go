package segments

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// undefined is for user mode: it raises an exception.
func undefined()

// ownReturns has iret go to user mode with segments of the guest's own table, as Linux does, and finds them there.
func ownReturns(t *pv.T) {
	const (
		dataAt, freshDataAt, codeAt, freshCodeAt, absentAt = 1, 2, 3, 4, 5

		user = 3
	)
	page := pv.AllocPage()
	table := pv.At[[512]uint64](page)
	table[dataAt], table[freshDataAt] = flatData, flatData&^accessed
	table[codeAt], table[freshCodeAt] = flatCode64, flatCode64&^accessed
	table[absentAt] = flatCode64 &^ presentBit
	pv.Protect(page)
	t.OK("set_gdt", setGDT(512, page))
	for _, c := range [...]struct {
		what    string
		cs, ss  uint64
		refused uint64 // the error of the fault, if it is not 0
	}{
		{"own segments", codeAt*8 | user, dataAt*8 | user, 0},
		{"own code alone", codeAt*8 | user, hypercall.FLAT_USER_SS, 0},
		{"own data alone", hypercall.FLAT_USER_CS, dataAt*8 | user, 0},
		{"own segments that were never used", freshCodeAt*8 | user, freshDataAt*8 | user, 0},
		{"own segments with something above the selectors", 1<<16 | codeAt*8 | user, 1<<63 | dataAt*8 | user, 0},
		{"own data as code", dataAt*8 | user, dataAt*8 | user, dataAt * 8},
		{"own code as data", codeAt*8 | user, codeAt*8 | user, codeAt * 8},
		{"own code that is not present", absentAt*8 | user, dataAt*8 | user, absentAt * 8},
		{"own code of the local table", codeAt*8 | user | 4, dataAt*8 | user, codeAt*8 | 4},
	} {
		for range 2 {
			var u pv.User
			u.Start(undefined)
			u.Iret.CS, u.Iret.SS = c.cs, c.ss
			u.Iret.RAX, u.Iret.RCX, u.Iret.R11 = 0x1111, 0x2222, 0x3333
			rip, rsp := u.Iret.RIP, u.Iret.RSP
			trap := u.Run()
			if c.refused != 0 {
				fault := pv.GP
				if c.refused == absentAt*8 {
					fault = pv.NP
				}
				t.Trapped(c.what, trap, fault, c.refused)
				t.Equal("RIP", trap.RIP, rip)
				t.Equal("RSP", u.Iret.RSP, rsp)
			} else {
				t.Trapped(c.what, trap, pv.UD, 0)
			}
			t.Equal("CS", trap.CS, c.cs&0xffff)
			t.Equal("SS", trap.SS, c.ss&0xffff)
			t.Equal("RAX", u.Iret.RAX, 0x1111)
			t.Equal("RCX", u.Iret.RCX, 0x2222)
			t.Equal("R11", u.Iret.R11, 0x3333)
		}
	}
	freeGDT(page)
}
