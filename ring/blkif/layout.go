package blkif

import (
	"tuco/hypercall"
	"tuco/ring"
)

// Op is what a request asks for.
type Op uint8

// The requests.
const (
	OpRead     Op = 0
	OpWrite    Op = 1
	OpBarrier  Op = 2 // a write with an order: see the package's "Durability"
	OpFlush    Op = 3
	OpDiscard  Op = 5 // a DiscardRequest
	OpIndirect Op = 6 // an IndirectRequest
)

// Status is a request's result.
type Status int16

// The results.
const (
	StatusUnsupported Status = -2
	StatusError       Status = -1
	StatusOK          Status = 0
)

// What one request holds at most.
const (
	MaxSegments      = 11 // a Request
	MaxIndirectPages = 8  // an IndirectRequest
	SegmentsPerPage  = pageSize / segmentSize
)

const (
	pageSize    = 4096
	segmentSize = 8

	// SectorSize is in what sectors are counted.
	SectorSize = 512

	// SectorsPerPage are as many as a segment has at most.
	SectorsPerPage = pageSize / SectorSize
)

// Segment is a run of sectors in a granted page.
type Segment struct {
	Ref         hypercall.GrantRef
	First, Last uint8 // both are of it
	_           uint16
}

// Request reads or writes, or flushes.
type Request struct {
	Op       Op
	Count    uint8 // of Segments
	Handle   uint16
	_        uint32
	ID       uint64 // the front end's, comes back in the response
	Sector   uint64
	Segments [MaxSegments]Segment
}

// DiscardRequest says that what sectors hold is not needed any more.
type DiscardRequest struct {
	Op     Op
	Flags  uint8 // FlagSecure
	Handle uint16
	_      uint32
	ID     uint64
	Sector uint64
	Count  uint64 // of sectors
}

// FlagSecure in DiscardRequest.Flags: nobody may be able to recover it.
const FlagSecure = 1 << 0

// IndirectRequest reads or writes with segments that stand in granted pages.
type IndirectRequest struct {
	Op     Op // OpIndirect
	Inner  Op // OpRead or OpWrite
	Count  uint16
	_      uint32
	ID     uint64
	Sector uint64
	Handle uint16
	_      uint16
	Pages  [MaxIndirectPages]hypercall.GrantRef
	_      uint32
}

// Response answers a request.
type Response struct {
	ID     uint64
	Op     Op // the request's; of an IndirectRequest its Inner
	_      uint8
	Status Status
	_      uint32
}

// The bits of the node KeyInfo.
const (
	InfoCDROM     = 0x1
	InfoRemovable = 0x2
	InfoReadOnly  = 0x4
)

// Front and Back are a ring's two sides.
type (
	Front = ring.Front[Request, Response]
	Back  = ring.Back[Request, Response]
)
