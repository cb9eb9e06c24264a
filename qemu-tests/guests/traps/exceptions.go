package traps

import "tuco/qemu-tests/guests/pv"

func divide()
func undefined()
func breakpoint()
func breakpointLong()
func overflow()
func nonCanonical()
func nonCanonicalStack()
func badSelector()

// causes is what raises the exceptions with no state of their own.
var causes = [...]struct {
	what   string
	code   func()
	v      pv.Vector
	err    uint64
	opcode string
	behind bool // the saved RIP is behind the instruction
}{
	{"divide by zero", divide, pv.DE, 0, "\x48\xf7", false},
	{"UD2", undefined, pv.UD, 0, "\x0f\x0b", false},
	{"INT3", breakpoint, pv.BP, 0, "\xcc", true},
	{"INT 3 of two bytes", breakpointLong, pv.BP, 0, "\xcd\x03", true},
	{"INT 4", overflow, pv.OF, 0, "\xcd\x04", true},
	{"read at a non-canonical address", nonCanonical, pv.GP, 0, "\x48\x8b", false},
	{"selector of a null descriptor", badSelector, pv.GP, 0x100, "\x8e", false},
}

func exceptions(t *pv.T) {
	for i := range causes {
		c := &causes[i]
		trap := pv.Catch(c.code)
		if t.Trapped(c.what, trap, c.v, c.err) {
			t.Equal("privilege level of the saved CS", trap.CS&3, 0)
			requireAt(t, c.what, trap.RIP, c.opcode, c.behind)
		}
	}
	stackFault(t, pv.Catch(nonCanonicalStack))
}

func exceptionsUser(t *pv.T) {
	for i := range causes {
		c := &causes[i]
		trap := pv.RunUser(c.code)
		if t.Trapped(c.what, trap, c.v, c.err) {
			t.Equal("privilege level of the saved CS", trap.CS&3, 3)
			requireAt(t, c.what, trap.RIP, c.opcode, c.behind)
		}
	}
	stackFault(t, pv.RunUser(nonCanonicalStack))
}

// stackFault is about a non-canonical address by BP: #SS, for which QEMU's TCG raises #GP.
func stackFault(t *pv.T, trap pv.Trap) {
	if trap.Vector != pv.GP {
		t.Trapped("read at a non-canonical address by BP", trap, pv.SS, 0)
	}
	requireAt(t, "read by BP", trap.RIP, "\x48\x8b", false)
}

// requireAt looks for the instruction at a saved RIP, or before it.
func requireAt(t *pv.T, what string, rip uint64, opcode string, behind bool) {
	if behind {
		rip -= uint64(len(opcode))
	}
	for i := range len(opcode) {
		if got := *pv.At[byte](rip + uint64(i)); got != opcode[i] {
			t.Failf("the saved rip is not that of the instruction: %x there, want %x", uint64(got), uint64(opcode[i]))
			return
		}
	}
}
