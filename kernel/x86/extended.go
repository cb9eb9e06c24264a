package x86

// ExtendedState is the XSAVE area in its standard form, as far as x87, SSE
// and AVX go; its first 512 bytes are also FXSAVE's. It must be aligned to 64
// bytes.
type ExtendedState struct {
	FCW       uint16 // x87 control word
	_         [22]byte
	MXCSR     uint32
	MXCSRMask uint32
	_         [128]byte // x87 registers
	XMM       [16][2]uint64
	_         [96]byte
	InUse     uint64 // XSTATE_BV: components that are not in their initial state
	_         [56]byte
	YMMHigh   [16][2]uint64
}

// XSAVE stores the components in mask and in XCR0; XRSTOR loads them. Both
// need CR4.OSXSAVE.
func XSAVE(s *ExtendedState, mask uint64)
func XRSTOR(s *ExtendedState, mask uint64)

// FNINIT gives the x87 registers their initial state, their pointers too: XRSTOR and
// FXRSTOR do not always load those.
func FNINIT()

// FXSAVE and FXRSTOR are for CPUs with no XSAVE.
func FXSAVE(s *ExtendedState)
func FXRSTOR(s *ExtendedState)
