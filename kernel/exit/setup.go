package exit

import (
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Paging is who translates a guest's addresses.
type Paging uint8

// The ways of paging.
const (
	// Direct: the guest's CR3 leads to tables of machine frames, which the
	// hypervisor chose. Writing CR3 exits but for Setup.FreeCR3.
	Direct Paging = iota
	// Nested: the guest's tables lead to guest-physical addresses, which the
	// table at Setup.Root translates.
	Nested
)

// IOPolicy says which port accesses exit.
type IOPolicy uint8

// The port policies.
const (
	IOExit  IOPolicy = iota // all of them
	IOGuest                 // none: the I/O permission bitmap of the guest's TSS decides
)

// Setup is how a guest is confined. Interrupts of the host, hypercalls, HLT,
// CPUID, all MSRs, XSETBV and the instructions of the virtualization extension
// exit always; and so do DR writes, shutdown, INIT and whatever would reach
// the host's own state.
type Setup struct {
	// Control is a frame for the vendor's control block. The back end clears it.
	Control frame.MFN
	// Extended is a frame for the vector state that entry and exit do not move.
	Extended frame.MFN

	Paging Paging
	Root   frame.MAddr // Nested: the nested table's top level

	// Exceptions has a bit for each exception vector that exits.
	Exceptions uint32
	// Software: INT n, INT3, INTO and ICEBP exit with SoftwareInterrupt, if
	// Exceptions has #DB, #BP, #OF and #GP. VT-x can't intercept INT n; it makes
	// a #GP if the guest's interrupt table is empty, which is told from others.
	Software bool
	IO       IOPolicy

	// CRRead and CRWrite have a bit for each control register whose accesses
	// exit, CR0 to CR8. Direct paging adds writes to CR3. A vendor that can
	// answer reads of CR0 and CR4 without an exit does so in spite of CRRead.
	CRRead, CRWrite uint16

	// FreeCR3: writes to CR3 do not exit though paging is direct. The code that makes
	// them is the hypervisor's.
	FreeCR3 bool
}

// AllExceptions is a Setup.Exceptions in which every vector exits. NMI has a
// control of its own, and vector 9 and those from 20 on that no CPU raises do
// no harm.
const AllExceptions = ^uint32(0) &^ (1 << x86.VectorNMI)

// The memory a back end needs besides, all of it cleared by the giver.
type (
	// GlobalFrames is a block of GlobalFrameCount frames in a row, given once.
	GlobalFrames frame.MFN
	// CPUFrames is given once for each CPU.
	CPUFrames [2]frame.MFN
)

// GlobalFrameCount is the size of the block of GlobalFrames: 2^GlobalFrameOrder.
const (
	GlobalFrameOrder = 3
	GlobalFrameCount = 1 << GlobalFrameOrder
)
