package hypercall

// The update ring: page-table updates that a vCPU's guest leaves in its own memory, and that the hypervisor makes at the vCPU's next
// exit. docs/paravirtual.md has the protocol.
//
// A ring is a frame with a TucoRing at its start, and TucoRingSlots updates in each of 1, 2 or 4 further frames. Entry n is in
// slot n modulo their number. Both indices count up for good.

// TucoRing is struct tuco_ring: what is shared beside the entries.
type TucoRing struct {
	Prod    uint64    // [guest] entries below it are there: written after them
	_       [7]uint64 // the rest of the guest's cache line
	Cons    uint64    // [tuco] entries below it are answered for: written after what follows
	Refused uint64    // [tuco] how many of those were refused
	State   uint64    // [tuco] TUCORING_*
}

// Where the fields of a TucoRing are, in words of 64 bits.
const (
	TucoRingProd    = 0
	TucoRingCons    = 8
	TucoRingRefused = 9
	TucoRingState   = 10
)

// The values of TucoRing.State.
const (
	TUCORING_closed = 0 // it was unregistered
	TUCORING_active = 1 // it is registered
	TUCORING_broken = 2 // Prod was impossible: the hypervisor has unregistered it
)

// TUCORING_refused is set in the Ptr of an entry that was refused; its Val then is the Errno. No address that makes sense has this
// bit.
const TUCORING_refused = 4

// TucoRingSlots is how many entries a frame holds.
const TucoRingSlots = 256

// TucoRingFrames is how many frames a ring has at most.
const TucoRingFrames = 5

// TucoRingRegister is struct tuco_ring_register: it makes frames of the caller's the update ring of the calling vCPU.
type TucoRingRegister struct {
	Frames   [TucoRingFrames]XenPFN // machine frames: that of the TucoRing, and those of the entries
	NrFrames uint32                 // 2, 3 or 5
	_        uint32
}
