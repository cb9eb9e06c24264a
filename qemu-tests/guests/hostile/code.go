package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Where user mode has its pages: of code, which it can't write to, and of data with the stack.
const (
	codeAt = 0x40_0000
	dataAt = codeAt + pv.PageSize
)

// user is user mode: its registers, and where the kernel has its page of code.
var user struct {
	pv.User
	space pv.Space
	code  uint64
}

// runCode has user mode execute programs that make no sense, each up to its first trap or until its time is over. What the
// kernel does not see in its own page tables user mode can't touch.
func runCode(programs uint64) {
	pv.MaskUpcalls()
	pv.BindTimer()
	makeUser()
	r := &fuzzers[0]
	r.random = random(pv.Number("seed=", 0))
	var traps [pv.Sysenter + 1]uint64
	for range programs {
		r.program()
		pv.SetTimer(pv.Now() + pv.Millisecond)
		trap := pv.Catch(func() {
			if v := user.Run().Vector; v < pv.Vector(len(traps)) {
				traps[v]++
			}
		})
		if trap.Vector != pv.None && trap.RFLAGS&virtual8086 == 0 {
			panic("a trap of user mode looks like one of the kernel's")
		}
		pv.MaskUpcalls()
		pv.ForgetEvents()
	}
	kinds := uint64(0)
	for _, n := range traps {
		if n != 0 {
			kinds++
		}
	}
	pv.Print("hostile: %d programs, %d kinds of traps", programs, kinds)
}

// virtual8086 is the flag of a mode that 64-bit processors do not have. QEMU's TCG enters it when user mode makes an IRET to
// it, and then segments are anything: such a trap seems to come from the kernel.
const virtual8086 = 1 << 17

func makeUser() {
	root := pv.NewRoot()
	user.space.Make(codeAt)
	user.space.HangInto(root)
	user.code = pv.AllocPage()
	user.space.Map(codeAt, pv.PageEntry(user.code, pv.RO))
	user.space.Map(dataAt, pv.PageEntry(pv.AllocPage(), pv.RW))
	pv.UseUserRoot(root)
	// An upcall on top of a handler that has not begun would look like the kernel's own, and come again for ever.
	for v := range pv.Vector(256) {
		pv.SetTrap(v, pv.Level(v), true)
	}
	for v := pv.Syscall64; v <= pv.Sysenter; v++ {
		pv.SetCallback(v, true)
	}
}

// program makes up a program and the registers that it begins with.
func (r *fuzzer) program() {
	code := pv.At[[64]byte](user.code)[:]
	for n := 0; n < len(code); {
		if r.oneIn(4) {
			n += copy(code[n:], prefixes[r.below(uint64(len(prefixes)))])
		}
		if r.oneIn(3) {
			code[min(n, len(code)-1)] = byte(r.next())
			n++
			continue
		}
		n += copy(code[n:], instructions[r.below(uint64(len(instructions)))])
		if n < len(code) && r.oneIn(2) {
			code[n] = byte(r.next()) // an operand
			n++
		}
	}
	for i, b := range code {
		if b == 0xc4 || b == 0xc5 { // QEMU's TCG ends over some VEX-coded instructions
			code[i] = 0x90
		}
	}
	u := &user
	u.StartAt(codeAt, dataAt+pv.PageSize-8*r.below(64))
	for _, to := range [...]*uint64{&u.Iret.RAX, &u.Iret.RCX, &u.DX, &u.BX, &u.BP, &u.SI, &u.DI, &u.R8, &u.R9, &u.R10, &u.R12} {
		*to = r.value()
		if r.oneIn(2) {
			*to = dataAt + r.below(pv.PageSize)
		}
	}
	switch r.below(8) {
	case 0:
		u.Iret.RFLAGS = r.next() | pv.FlagIF
	case 1:
		u.Iret.CS, u.Iret.SS = hypercall.FLAT_USER_CS32, hypercall.FLAT_USER_SS32
	case 2:
		u.Iret.SS = uint64(uint16(r.value()))
	case 3:
		u.Iret.CS = uint64(uint16(r.value() | 3)) // it stays user mode
	case 4:
		u.Iret.RSP = r.value()
	}
}

var prefixes = [...]string{"\x66", "\x67", "\xf0", "\xf2", "\xf3", "\x2e", "\x64", "\x65", "\x40", "\x41", "\x48", "\x4c", "\x66\x48", "\xf3\x48"}

// instructions are beginnings of those that user mode may not execute, or that lead out of it.
var instructions = [...]string{
	"\x0f\x00", "\x0f\x01", "\x0f\x01\xd0", "\x0f\x01\xd1", "\x0f\x01\xd8", "\x0f\x01\xd9", "\x0f\x01\xc1", "\x0f\x01\xf8", "\x0f\x01\xf9",
	"\x0f\x05", "\x0f\x06", "\x0f\x07", "\x0f\x08", "\x0f\x09", "\x0f\x0b", "\x0f\x20", "\x0f\x21", "\x0f\x22", "\x0f\x23",
	"\x0f\x30", "\x0f\x31", "\x0f\x32", "\x0f\x33", "\x0f\x34", "\x0f\x35", "\x0f\xa2", "\x0f\xaa", "\x0f\xae", "\x0f\xc7",
	"\x0f\x02", "\x0f\x03", "\x0f\xa1", "\x0f\xa9", "\x0f\xb2", "\x0f\xb4", "\x0f\xb5", "\x0f\xff", "\x0f\xb9",
	"\x07", "\x0e", "\x17", "\x1f", "\x62", "\x6c", "\x6d", "\x6e", "\x6f", "\x8c", "\x8e", "\x9a", "\x9b", "\x9c", "\x9d",
	"\xc8", "\xca", "\xcb", "\xcc", "\xcd", "\xcd\x80", "\xcd\x02", "\xcd\x0e", "\xce", "\xcf", "\x48\xcf", "\x48\xcb", "\xd6",
	"\xe4", "\xe5", "\xe6", "\xe7", "\xea", "\xec", "\xed", "\xee", "\xef", "\xf1", "\xf4", "\xfa", "\xfb", "\xff",
	"\xd9", "\xdb", "\xdf", "\xa4", "\xab", "\x8b", "\x89", "\xf7", "\x50", "\xc3", "\xeb\xfe",
}
