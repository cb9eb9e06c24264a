package traps

import "tuco/qemu-tests/guests/pv"

// seen is what the handler of registers found.
var seen struct {
	frame pv.Frame
	count uint64
}

const opcodeSizeUD2 = 2

func keepAndSkip(f *pv.Frame) {
	seen.frame = *f
	seen.count++
	f.Iret.RIP += opcodeSizeUD2
}

// pattern is what fillAndTrap puts into register n; vector registers count from 16, and have it in both halves.
func pattern(n uint64) uint64 { return 0x1111_2222_3333_0000 + n }

// fillAndTrap gives all registers but SP and R14 their patterns, traps, and compares. It returns how many have another
// value after the trap.
func fillAndTrap() (wrong uint64)

// registers requires that a trap hides no register, and that iret restores all.
func registers(t *pv.T) {
	seen.count = 0
	pv.OnTrap(pv.UD, keepAndSkip)
	wrong := fillAndTrap()
	pv.OnTrap(pv.UD, nil)
	t.Equal("traps", seen.count, 1)
	t.Equal("registers that iret did not restore", wrong, 0)
	f := &seen.frame
	for i, got := range [...]uint64{
		f.Iret.RAX, f.Iret.RCX, f.DX, f.BX, 4: pattern(4), 5: f.BP, 6: f.SI, 7: f.DI,
		8: f.R8, 9: f.R9, 10: f.R10, 11: f.Iret.R11, 12: f.R12, 13: f.R13, 14: pattern(14), 15: f.R15,
	} {
		t.Check(got == pattern(uint64(i)), "register %d has %x in the frame", uint64(i), got)
	}
	for i := range f.XMM {
		want := pattern(16 + uint64(i))
		t.Check(f.XMM[i] == [2]uint64{want, want}, "XMM%d has %x in the frame", uint64(i), f.XMM[i][0])
	}
}

// trapBelow traps with the stack pointer that many bytes lower than it was, and returns that pointer if the trap's
// handler skips.
func trapBelow(bytes uint64) (sp uint64)

// frame looks at what a trap in the kernel leaves on the stack.
func frame(t *pv.T) {
	pv.OnTrap(pv.UD, keepAndSkip)
	sp := trapBelow(64)
	pv.OnTrap(pv.UD, nil)
	f := &seen.frame
	t.Equal("saved CS", f.CS, kernelCS)
	t.Equal("saved SS", f.SS, flatSS)
	t.Equal("saved RSP", f.RSP, sp)
	t.Equal("error code", f.Error, 0)
}

const (
	kernelCS = 0xe030 // FLAT_KERNEL_CS, with privilege level 0
	flatSS   = 0xe02b // FLAT_KERNEL_SS
)

// stackAlignment: the hypervisor aligns the stack to 16 bytes, then pushes seven words, or eight with an error code.
func stackAlignment(t *pv.T) {
	pv.OnTrap(pv.UD, keepAndSkip)
	for below := uint64(0); below < 32; below++ {
		sp := trapBelow(64 + below)
		f := &seen.frame
		t.Equal("saved RSP", f.RSP, sp)
		t.Equal("bottom of the frame", f.BounceSP, sp&^15-7*8)
	}
	pv.OnTrap(pv.UD, nil)
	pv.OnTrap(pv.GP, keepAndSkipRead)
	sp := readBelow(65)
	pv.OnTrap(pv.GP, nil)
	t.Equal("bottom of the frame with an error code", seen.frame.BounceSP, sp&^15-8*8)
}

func keepAndSkipRead(f *pv.Frame) {
	seen.frame = *f
	f.Iret.RIP += 3 // MOVQ (CX), AX
}

// readBelow is trapBelow with a #GP.
func readBelow(bytes uint64) (sp uint64)
