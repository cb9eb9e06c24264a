package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/klog"
)

// refused reports an entry that failed before the guest's state was looked at.
func (g *Guest) refused(r Result) {
	if r == FailInvalid {
		klog.Errorf("vmx: entry failed: %s", klog.S(r.String()))
		return
	}
	klog.Errorf("vmx: entry failed: %s", klog.S(InstrError(get(ExitInstrError)).String()))
	g.dump()
}

// explain reports an entry that failed on the guest's state, which may be the
// guest's own fault.
func (g *Guest) explain(reason uint32) {
	klog.Warnf("vmx: entry failed: %s, qualification %x",
		klog.S(Reason(reason).String()), klog.X(get(ExitQualification)))
	var s entryState
	s.read()
	if rule := s.broken(&caps); rule != "" {
		klog.Warnf("vmx: %s", klog.S(rule))
	}
	g.dump()
}

// dump writes the controls and the guest's state to the log.
func (g *Guest) dump() {
	for i := 0; i < len(dumped); i += 3 {
		a, b, c := &dumped[i], &dumped[i+1], &dumped[i+2]
		klog.Warnf("vmx: %s %s  %s %s  %s %s",
			klog.S(a.name), klog.H16(get(a.field)),
			klog.S(b.name), klog.H16(get(b.field)),
			klog.S(c.name), klog.H16(get(c.field)))
	}
	for r := range exit.SegmentRegisters {
		i := Field(r) * 2
		klog.Warnf("vmx: %s selector %x base %s limit %x access %x", klog.S(segmentNames[r]),
			klog.X(get(GuestSelector+i)), klog.H16(get(GuestBase+i)),
			klog.X(get(GuestLimit+i)), klog.X(get(GuestAccess+i)))
	}
}

var segmentNames = [exit.SegmentRegisters]string{
	exit.ES: "es  ", exit.CS: "cs  ", exit.SS: "ss  ", exit.DS: "ds  ",
	exit.FS: "fs  ", exit.GS: "gs  ", exit.LDTR: "ldtr", exit.TR: "tr  ",
}

// dumped is what a dump shows of the VMCS, three in a line.
var dumped = [...]struct {
	name  string
	field Field
}{
	{"rip      ", GuestRIP}, {"rsp      ", GuestRSP}, {"rflags   ", GuestRFLAGS},
	{"cr0      ", GuestCR0}, {"cr3      ", GuestCR3}, {"cr4      ", GuestCR4},
	{"efer     ", GuestEFER}, {"pat      ", GuestPAT}, {"dr7      ", GuestDR7},
	{"blocking ", GuestInterruptibility}, {"activity ", GuestActivity}, {"debug    ", GuestPendingDebug},
	{"gdt      ", GuestGDTRBase}, {"idt      ", GuestIDTRBase}, {"link     ", GuestLink},
	{"pin      ", CtlPin}, {"proc     ", CtlProc}, {"exit     ", CtlExit},
	{"entry    ", CtlEntry}, {"event    ", CtlEntryEvent}, {"exception", CtlExceptions},
}
