package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Enter runs the guest until it exits, and tells whether that was by a
// hypercall, in which case the guest is past the instruction. Otherwise Reason
// says why.
//
//go:noescape
func Enter(guest *Guest, r *exit.Regs) (hypercall bool)

// entryRefused stands in Guest.reason, with the Result, for an entry that did
// not take place.
const entryRefused = 1 << 32

// Reason is why the guest was left. It is called once after each exit that was
// not a hypercall's, and makes an event pending again which that exit kept
// from being delivered. (An instruction that executes is not in the way of any.)
func (g *Guest) Reason() exit.Reason {
	if g.reason >= entryRefused {
		g.refused(Result(g.reason))
		return exit.Invalid
	}
	vectoring := uint32(get(ExitVectoring))
	if e, ok := interrupted(vectoring, uint32(get(ExitVectoringError))); ok {
		g.Inject(e)
	}
	switch g.reason {
	case uint64(ReasonException):
		return g.exception(vectoring)
	case uint64(ReasonCRAccess), uint64(ReasonMOVDR):
		w := raw{reason: uint32(g.reason), qualification: get(ExitQualification)}
		return w.classify()
	case uint64(ReasonEPTViolation):
		if vectoring&eventValid == 0 {
			g.unblocked(get(ExitQualification))
		}
	}
	if g.reason < reasons {
		return neutral[g.reason]
	}
	if g.reason&reasonEntryFailed != 0 {
		g.explain(uint32(g.reason))
		return exit.Invalid
	}
	return exit.Unknown
}

// exception looks at an exit for an exception or NMI. The exit has taken an
// NMI from the CPU, unlike an interrupt, and a machine check is never the
// guest's: the host's handlers are called here.
func (g *Guest) exception(vectoring uint32) exit.Reason {
	w := raw{event: uint32(get(ExitEvent)), vectoring: vectoring, software: g.setup.Software}
	reason := w.classify()
	if reason == exit.NMI {
		raiseNMI()
	} else if x86.Vector(w.event) == x86.VectorMC {
		raiseMachineCheck()
	} else if vectoring&eventValid == 0 && x86.Vector(w.event) != x86.VectorDF {
		g.unblocked(uint64(w.event))
	}
	if reason == exit.Exception && x86.Vector(w.event) == x86.VectorDB {
		g.dr6 = debugStatus(g.dr6, get(ExitQualification))
	}
	return reason
}

// unblocked blocks NMIs again where an IRET that is to be executed once more
// had unblocked them.
//
// SDM vol. 3, "Information for VM Exits Due to Vectored Events".
func (g *Guest) unblocked(word uint64) {
	if word&nmiUnblocked != 0 {
		g.setShadow(g.shadow | blockedByNMI)
	}
}

// Decode says more about the last exit. VT-x tells the length of every
// instruction that exits, so that the guest's memory is never looked at.
func (g *Guest) Decode(info *exit.Info, _ exit.Fetch) {
	w := raw{
		reason:        uint32(g.reason),
		length:        uint32(get(ExitLength)),
		qualification: get(ExitQualification),
	}
	switch g.reason {
	case uint64(ReasonException):
		w.event, w.errorCode = uint32(get(ExitEvent)), uint32(get(ExitErrorCode))
		w.vectoring, w.software = uint32(get(ExitVectoring)), g.setup.Software
	case uint64(ReasonEPTViolation), uint64(ReasonEPTMisconfig):
		w.linear, w.physical = get(ExitGuestLinear), get(ExitGuestPhysical)
	}
	w.describe(info)
}

// raiseNMI and raiseMachineCheck call the host's handlers the way the CPU does.
func raiseNMI()
func raiseMachineCheck()
