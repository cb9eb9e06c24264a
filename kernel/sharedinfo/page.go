package sharedinfo

import (
	"sync/atomic"

	"tuco/hypercall"
)

// Page is struct shared_info. It is laid over a domain's shared frame.
type Page struct {
	VCPU [hypercall.XEN_LEGACY_MAX_VCPUS]VCPU

	Pending [64]atomic.Uint64 // [tuco] sets, [guest] clears: port p is bit p%64 of word p/64
	Mask    [64]atomic.Uint64 // [guest]; for EVTCHNOP_unmask, [tuco] clears

	WallVersion atomic.Uint32 // [tuco]
	WallSec     atomic.Uint32 // [tuco] low half
	WallNsec    atomic.Uint32 // [tuco]
	WallSecHi   atomic.Uint32 // [tuco] high half

	// What the guest says about its p2m. Only the tools' side reads it.
	MaxPFN        atomic.Uint64 // [guest]
	FrameListList atomic.Uint64 // [guest]
	NMIReason     atomic.Uint64 // [tuco]
	P2MCR3        atomic.Uint64 // [guest]
	P2MVirtual    atomic.Uint64 // [guest]
	P2MGeneration atomic.Uint64 // [guest]
	_             [2048 - 2*512 - 16 - 6*8]byte
}

// VCPU is struct vcpu_info, 64 bytes.
type VCPU struct {
	// upcall has two bytes of flags, side by side: pending and mask. Both
	// sides write to either byte, so we change no byte but the one we mean.
	upcall atomic.Uint32

	_        uint32
	Selector atomic.Uint64 // [tuco] sets, [guest] takes: bit w for word w of Page.Pending
	CR2      atomic.Uint64 // [tuco]
	_        uint64
	Time     Time
}

// Time is struct vcpu_time_info, 32 bytes, written by [tuco].
type Time struct {
	Version   atomic.Uint32 // odd while the rest changes
	_         uint32
	Timestamp atomic.Uint64 // TSC at System
	System    atomic.Uint64 // nanoseconds
	Mul       atomic.Uint32
	Rest      atomic.Uint32 // shift in bits 7:0, flags in 15:8
}

// The bytes of VCPU.upcall.
const (
	pendingByte = 0xff
	pendingBit  = 0x01
	maskByte    = 0xff00
	maskBit     = 0x0100
)

// UpcallPending tells whether the guest has an upcall to come.
func (v *VCPU) UpcallPending() bool { return v.upcall.Load()&pendingByte != 0 }

// UpcallMasked tells whether the guest wants no upcall now. It means something
// only to the pCPU that the vCPU is on.
func (v *VCPU) UpcallMasked() bool { return v.upcall.Load()&maskByte != 0 }

// Deliverable tells whether an upcall is pending and wanted.
func (v *VCPU) Deliverable() bool {
	// The two bytes as one number: the mask is the upper.
	return uint16(v.upcall.Load())-1 < pendingByte
}

// RaiseUpcall makes an upcall pending and tells whether none was. It is one
// locked operation, and follows the setting of the selector: a guest clears
// the flag, then takes the selector.
func (v *VCPU) RaiseUpcall() (wasClear bool) {
	for range tries {
		old := v.upcall.Load()
		if v.upcall.CompareAndSwap(old, old|pendingBit) {
			return old&pendingByte == 0
		}
	}
	v.upcall.Or(pendingBit)
	return true
}

// MaskUpcalls holds upcalls off, as the delivery of one does.
func (v *VCPU) MaskUpcalls() { v.upcall.Or(maskBit) }

// UnmaskUpcalls lets upcalls in again, as blocking and iret do. The locked
// operation orders it against a Deliverable that comes after it.
func (v *VCPU) UnmaskUpcalls() { v.upcall.And(^uint32(maskByte)) }

// Reset makes a place, which holds anything, that of a vCPU which nobody has told
// of anything yet: upcalls are masked.
func (v *VCPU) Reset() {
	v.upcall.Store(maskBit)
	v.Selector.Store(0)
	v.CR2.Store(0)
}

// CopyFrom takes over another place's contents, word by word: both may change
// meanwhile, and what is copied is the guest's affair.
func (v *VCPU) CopyFrom(o *VCPU) {
	v.upcall.Store(o.upcall.Load())
	v.Selector.Store(o.Selector.Load())
	v.CR2.Store(o.CR2.Load())
	v.Time.Version.Store(o.Time.Version.Load())
	v.Time.Timestamp.Store(o.Time.Timestamp.Load())
	v.Time.System.Store(o.Time.System.Load())
	v.Time.Mul.Store(o.Time.Mul.Load())
	v.Time.Rest.Store(o.Time.Rest.Load())
}
