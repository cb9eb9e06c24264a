package vmx

import "tuco/kernel/x86"

// VT-x switches DR7 and knows nothing of DR6: it says at the exit for a debug
// exception what would have gone there.

// DR6 is the debug status register.
func (g *Guest) DR6() uint64 { return g.dr6 }

// SetDR6 sets it.
func (g *Guest) SetDR6(v uint64) { g.dr6 = v }

// DR7 is the debug control register.
func (g *Guest) DR7() uint64 { return get(GuestDR7) }

// SetDR7 sets it. An exit disables all breakpoints.
func (g *Guest) SetDR7(v uint64) { put(GuestDR7, v) }

// debugStatus is DR6 after a debug exception, of which the exit qualification
// tells. The bits of the breakpoints are this exception's, the others stay
// until software clears them.
//
// SDM vol. 3, "Exit Qualification for Debug Exceptions".
func debugStatus(dr6, qualification uint64) uint64 {
	const sticky = x86.DR6Access | x86.DR6Step
	return dr6&^x86.DR6Breakpoints | qualification&(x86.DR6Breakpoints|sticky)
}
