package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Values of control fields.
const (
	noLink      = ^uint64(0)         // no shadow VMCS
	resetPAT    = 0x0007040600070406 // the page attribute table after reset
	flagsOne    = 1 << 1
	activeState = 0

	eptMemoryWriteBack = 6
	eptLevels4         = 3 << 3
)

// eptPointer is the EPT pointer for a 4-level nested table.
//
// SDM vol. 3, "Extended-Page-Table Pointer (EPTP)".
func eptPointer(root frame.MAddr) uint64 {
	return uint64(root) | eptLevels4 | eptMemoryWriteBack
}

// controlsFor translates how a guest is to be confined into the controls.
func controlsFor(s *exit.Setup, c *Caps) (words [controls]uint32) {
	want := wanted
	want[ControlProc] &^= procInterruptWindow // SetWindow turns it on
	if s.IO == exit.IOGuest {
		want[ControlProc] &^= procIO
	}
	const cr3, cr8 = 1 << 3, 1 << 8
	if s.FreeCR3 {
		want[ControlProc] &^= procCR3Load
	}
	if s.Paging == exit.Nested {
		want[ControlSecondary] |= secEPT
		if c.Has(FeatureUnrestricted) {
			want[ControlSecondary] |= secUnrestricted
		}
		if s.CRWrite&cr3 == 0 {
			want[ControlProc] &^= procCR3Load
		}
	}
	if s.CRRead&cr3 == 0 {
		want[ControlProc] &^= procCR3Store
	}
	if c.Has(FeatureVPID) {
		want[ControlSecondary] |= secVPID
	}
	for w := range controls {
		words[w], _ = c.allowed[w].Adjust(want[w] | welcome[w]&c.allowed[w].May())
	}
	return words
}

// configure fills a fresh VMCS, which is current on this CPU.
func (g *Guest) configure() {
	s := &g.setup
	words := controlsFor(s, &caps)
	g.proc, g.entry = words[ControlProc], words[ControlEntry]
	put(CtlPin, uint64(words[ControlPin]))
	put(CtlProc, uint64(g.proc))
	put(CtlSecondary, uint64(words[ControlSecondary]))
	put(CtlExit, uint64(words[ControlExit]))
	put(CtlEntry, uint64(g.entry))
	put(CtlExceptions, uint64(s.Exceptions|1<<x86.VectorMC))
	// A page fault exits where its exception bit says so, whatever its error code.
	put(CtlPFMask, 0)
	put(CtlPFMatch, 0)
	put(CtlCR3Targets, 0)
	put(CtlExitMSRStores, 0)
	put(CtlExitMSRLoads, 0)
	put(CtlEntryMSRLoads, 0)
	put(CtlEntryEvent, 0)
	put(CtlTSCOffset, 0)
	if s.Paging == exit.Nested {
		put(CtlEPTP, eptPointer(s.Root))
	}

	put(GuestLink, noLink)
	put(GuestDebugCtl, 0)
	put(GuestPAT, resetPAT)
	put(GuestEFER, 0)
	put(GuestDR7, x86.DR7Ones)
	put(GuestRSP, 0)
	put(GuestRIP, 0)
	put(GuestRFLAGS, flagsOne)
	put(GuestInterruptibility, 0)
	put(GuestActivity, activeState)
	put(GuestPendingDebug, 0)
	put(GuestSysenterCS, 0)
	put(GuestSysenterESP, 0)
	put(GuestSysenterEIP, 0)
	put(CtlCR0Mask, g.cr0.owned)
	put(CtlCR4Mask, g.cr4.owned)
	g.SetEFER(0)
	g.SetCR(0, 0)
	g.SetCR(3, 0)
	g.SetCR(4, 0)
	g.SetGDT(exit.Table{})
	g.SetIDT(exit.Table{})
	for r := range exit.SegmentRegisters {
		g.SetSegment(r, exit.Segment{})
	}
}

// CanFreeCR3 tells whether writes to CR3 can be made not to exit.
func CanFreeCR3() bool { return caps.allowed[ControlProc].Must()&procCR3Load == 0 }
