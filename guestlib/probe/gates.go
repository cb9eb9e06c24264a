package probe

import "tuco/hypercall"

// While a probe measures what enters the guest's kernel, the gates and callbacks of the vCPU are the probe's: they do nothing
// but return. Nothing but the probe runs then, no code of Go's among it, so that no fault is taken for another. An event that
// comes meanwhile is told the library afterwards.

//lint:ignore U1000 the assembly code reads it
var gates [5]hypercall.TrapInfo // the last one ends the list

const vectorCall = 0x80

func init() {
	breakpoint, invalid, page := handlers()
	const kernel, user = 1, 3
	for i, g := range []struct {
		vector, dpl uint8
		address     uint64
	}{{3, kernel, breakpoint}, {6, kernel, invalid}, {14, kernel, page}, {vectorCall, user, breakpoint}} {
		gates[i] = hypercall.TrapInfo{Vector: g.vector, CS: hypercall.FLAT_KERNEL_CS, Address: g.address}
		gates[i].SetFlags(g.dpl, false)
	}
}

func handlers() (breakpoint, invalid, page uint64)
