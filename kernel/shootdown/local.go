package shootdown

import (
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// singly is how many pages are dropped one by one; from there on dropping
// everything is cheaper.
const singly = 32

// FlushHost drops translations of the hypervisor's own tables on this CPU.
func FlushHost(r Request) {
	if r != All {
		if first, pages := r.Pages(); pages <= singly {
			for i := range pages {
				x86.INVLPG(first + frame.VAddr(i)<<frame.PageShift)
			}
			return
		}
	}
	// A change of CR4.PGE drops global translations too; a load of CR3 only others.
	cr4 := x86.ReadCR4()
	if cr4&x86.CR4PGE == 0 {
		x86.WriteCR3(x86.ReadCR3())
		return
	}
	x86.WriteCR4(cr4 &^ x86.CR4PGE)
	x86.WriteCR4(cr4)
}
