package blkif

// The nodes of a back end's directory. Numbers are decimal, flags 0 or 1.
const (
	KeyFlush      = "feature-flush-cache"
	KeyBarrier    = "feature-barrier"
	KeyDiscard    = "feature-discard"
	KeyPersistent = "feature-persistent" // the front end's too: pages that are granted stay so, and may stay mapped
	KeyIndirect   = "feature-max-indirect-segments"

	KeyMaxRingOrder = "max-ring-page-order" // the pages of the ring, as a power of two

	KeySectors            = "sectors"     // of 512 bytes
	KeySectorSize         = "sector-size" // the device's own, in bytes
	KeyPhysicalSectorSize = "physical-sector-size"
	KeyInfo               = "info" // InfoReadOnly and others
	KeyDiscardGranularity = "discard-granularity"
	KeyDiscardAlignment   = "discard-alignment"
)

// The nodes of a front end's directory.
const (
	KeyProtocol     = "protocol"
	KeyRingRef      = "ring-ref" // of a ring of one page; of a larger one ring-ref0, ring-ref1 and so on
	KeyRingOrder    = "ring-page-order"
	KeyEventChannel = "event-channel"
)

// Protocol is what KeyProtocol says where slots have this package's layout. It is the default, too.
const Protocol = "x86_64-abi"
