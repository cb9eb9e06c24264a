package bench

// A Model says what an operation might take on a processor, in cycles: an instruction one, and beside these what the emulator's count
// of instructions leaves out. The numbers are of the order that hardware has, not of one processor; what they are good for is to see
// whether a row wins in spite of its exits.
type Model struct {
	// ExitCycles is VMRUN to #VMEXIT and back, with what the processor saves and loads: about 1,350 cycles on AMD,
	// 800 to 2,000 on Intel.
	ExitCycles float64 `json:"exit_cycles"`
	// EntryCycles is the way into code of CPL 0 and back, with no exit: SYSCALL and SYSRET, or a gate and IRET. Xen pays it where Tuco without
	// its stub has an exit, and Tuco's stub where it saves one.
	EntryCycles float64 `json:"entry_cycles"`
}

// DefaultModel is the one of reports.
var DefaultModel = Model{ExitCycles: 1350, EntryCycles: 150}

// tuco is the modelled cost of an operation on Tuco that had so many exits, and would have more without the stub.
func (m Model) tuco(ticks, exits, without float64) float64 {
	return ticks + exits*m.ExitCycles + max(0, without-exits)*m.EntryCycles
}

// xen is that of the same operation on Xen.
func (m Model) xen(ticks, entries float64) float64 { return ticks + entries*m.EntryCycles }
