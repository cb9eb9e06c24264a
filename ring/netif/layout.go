package netif

import (
	"tuco/hypercall"
	"tuco/ring"
)

// TXRequest is a frame, or a part of one, that the front end sends.
type TXRequest struct {
	Ref    hypercall.GrantRef
	Offset uint16 // in the granted page
	Flags  TXFlags
	ID     uint16 // the front end's, comes back in the response
	Size   uint16 // of the whole frame in its first request, else of the part
}

// TXFlags are TXRequest.Flags.
type TXFlags uint16

// The bits of TXFlags.
const (
	TXChecksumBlank TXFlags = 1 << 0
	TXDataValidated TXFlags = 1 << 1
	TXMoreData      TXFlags = 1 << 2 // the next request goes on with the frame
	TXExtraFollows  TXFlags = 1 << 3 // the next slot is an Extra
)

// MaxTXSize is the greatest length of a frame.
const MaxTXSize = 0xffff

// MinSlots is how many parts a frame may have at least, with neither side saying more. Extras are not among them: stock Linux sends 18 parts and an Extra.
const MinSlots = 18

// TXResponse answers a TXRequest, or an Extra.
type TXResponse struct {
	ID     uint16
	Status Status
}

// RXRequest is an empty page for a frame.
type RXRequest struct {
	ID  uint16
	_   uint16
	Ref hypercall.GrantRef
}

// RXResponse is a frame, or a part of one, in the page of the request that was in this slot.
type RXResponse struct {
	ID     uint16
	Offset uint16 // in the page
	Flags  RXFlags
	Status Status // the length, or a negative result
}

// RXFlags are RXResponse.Flags.
type RXFlags uint16

// The bits of RXFlags.
const (
	RXDataValidated RXFlags = 1 << 0
	RXChecksumBlank RXFlags = 1 << 1
	RXMoreData      RXFlags = 1 << 2 // the next response goes on with the frame
	RXExtraFollows  RXFlags = 1 << 3 // the next slot is an Extra
	RXGSOPrefix     RXFlags = 1 << 4 // of old: not used here
)

// Status is a result.
type Status int16

// The results.
const (
	StatusDropped Status = -2
	StatusError   Status = -1
	StatusOK      Status = 0
	StatusNull    Status = 1 // for an Extra
)

// Extra says more of a frame. It takes the slot of a request or a response.
type Extra struct {
	Type  ExtraType
	Flags uint8   // ExtraMore
	Data  [6]byte // by type
}

// ExtraType is what an Extra is about.
type ExtraType uint8

// The types of Extras.
const (
	ExtraGSO             ExtraType = 1
	ExtraMulticastAdd    ExtraType = 2
	ExtraMulticastRemove ExtraType = 3
	ExtraHash            ExtraType = 4
)

// ExtraMore in Extra.Flags: the next slot is an Extra too.
const ExtraMore = 1 << 0

// GSOType is what protocol a frame is to be cut by.
type GSOType uint8

// The types of segmentation.
const (
	GSONone  GSOType = 0
	GSOTCPv4 GSOType = 1
	GSOTCPv6 GSOType = 2
)

// The sides of the two rings.
type (
	TXFront = ring.Front[TXRequest, TXResponse]
	TXBack  = ring.Back[TXRequest, TXResponse]
	RXFront = ring.Front[RXRequest, RXResponse]
	RXBack  = ring.Back[RXRequest, RXResponse]
)
