package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// entryState is the part of a guest's state that entries are refused for most often.
type entryState struct {
	cr0, cr3, cr4, efer     uint64
	rip, rflags             uint64
	gdt, idt                uint64
	blocking, link          uint64
	entry, event, secondary uint32
	selectors               [exit.SegmentRegisters]uint16
	access                  [exit.SegmentRegisters]uint32
	limits                  [exit.SegmentRegisters]uint32
}

// read takes the state from the current VMCS.
func (s *entryState) read() {
	s.cr0, s.cr3, s.cr4, s.efer = get(GuestCR0), get(GuestCR3), get(GuestCR4), get(GuestEFER)
	s.rip, s.rflags = get(GuestRIP), get(GuestRFLAGS)
	s.gdt, s.idt = get(GuestGDTRBase), get(GuestIDTRBase)
	s.blocking, s.link = get(GuestInterruptibility), get(GuestLink)
	s.entry, s.event = uint32(get(CtlEntry)), uint32(get(CtlEntryEvent))
	s.secondary = uint32(get(CtlSecondary))
	for r := range exit.SegmentRegisters {
		i := Field(r) * 2
		s.selectors[r] = uint16(get(GuestSelector + i))
		s.access[r] = uint32(get(GuestAccess + i))
		s.limits[r] = uint32(get(GuestLimit + i))
	}
}

// broken names a rule for guest state at entry that the state breaks, or is
// empty where it knows of none. It is for a reader of the log: the CPU has
// refused already, and says no more than that.
//
// SDM vol. 3, "Checking and Loading Guest State".
func (s *entryState) broken(c *Caps) string {
	must := c.cr0
	if s.secondary&secUnrestricted != 0 {
		must.ones &^= x86.CR0PE | x86.CR0PG
	}
	long := s.entry&entryGuest64 != 0
	switch {
	case !must.accepts(s.cr0):
		return "CR0 has a bit set or clear that VT-x does not allow"
	case !c.cr4.accepts(s.cr4):
		return "CR4 has a bit set or clear that VT-x does not allow"
	case s.cr0&x86.CR0PG != 0 && s.cr0&x86.CR0PE == 0:
		return "CR0.PG is set without CR0.PE"
	case long && (s.cr0&x86.CR0PG == 0 || s.cr4&x86.CR4PAE == 0):
		return "long mode without CR0.PG or CR4.PAE"
	case long != (s.efer&x86.EFERLMA != 0):
		return "EFER.LMA and the entry control for 64-bit guests differ"
	case s.cr0&x86.CR0PG != 0 && long != (s.efer&x86.EFERLME != 0):
		return "EFER.LME and EFER.LMA differ with paging on"
	case !long && s.cr4&x86.CR4PCIDE != 0:
		return "CR4.PCIDE outside long mode"
	case s.link != noLink:
		return "the VMCS link pointer is not all ones"
	case !frame.VAddr(s.gdt).Canonical() || !frame.VAddr(s.idt).Canonical():
		return "GDTR or IDTR base is not canonical"
	case long && !frame.VAddr(s.rip).Canonical():
		return "RIP is not canonical"
	case s.rflags&flagsReserved != 0 || s.rflags&flagsOne == 0:
		return "RFLAGS has a reserved bit set, or bit 1 clear"
	case s.event&eventValid != 0 && eventKind(s.event) == kindInterrupt &&
		(s.rflags&x86.FlagIF == 0 || s.blocking&blockedShadow != 0):
		return "an interrupt is injected while interrupts are masked or blocked"
	}
	return s.brokenSegment()
}

// brokenSegment is broken for the segment registers of a guest in protected
// or long mode.
func (s *entryState) brokenSegment() string {
	cs, ss := s.access[exit.CS], s.access[exit.SS]
	const typeMask, system, conforming = 0xf, 1 << 4, 1 << 2
	switch {
	case s.access[exit.TR]&accessUnusable != 0:
		return "TR is unusable"
	case s.access[exit.TR]&typeMask != 0xb && s.access[exit.TR]&typeMask != 3:
		return "TR is not a busy TSS"
	case s.selectors[exit.TR]&4 != 0:
		return "TR's selector names the LDT"
	case cs&accessUnusable != 0 || cs&accessPresent == 0 || cs&system == 0:
		return "CS is unusable, not present or a system segment"
	case cs&(1<<13) != 0 && cs&(1<<14) != 0:
		return "CS has both L and D set"
	case cs&8 != 0 && cs&conforming == 0 && cs>>5&3 != ss>>5&3:
		return "the privilege levels of CS and SS differ"
	case s.selectors[exit.SS]&3 != s.selectors[exit.CS]&3 && s.secondary&secUnrestricted == 0:
		return "the requested privilege levels in CS and SS differ"
	}
	for r := range exit.SegmentRegisters {
		a, limit := s.access[r], s.limits[r]
		if a&accessUnusable != 0 {
			continue
		}
		if limit>>20 != 0 && a&(1<<15) == 0 || limit&0xfff != 0xfff && a&(1<<15) != 0 {
			return "a segment's granularity contradicts its limit"
		}
		if r < exit.LDTR && a&1 == 0 {
			return "a segment is not marked accessed"
		}
	}
	return ""
}
