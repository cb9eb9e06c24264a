package hypercall

// NetifTXRequest is struct netif_tx_request: a frame, or a part of one, that
// the front end sends. Public header io/netif.h.
type NetifTXRequest struct {
	GRef   GrantRef `abi:"gref"`
	Offset uint16   // in the granted page
	Flags  uint16   // NETTXF_*
	ID     uint16   // the front end's, comes back in the response
	Size   uint16   // of the whole frame in its first request, else of the part
}

// XEN_NETIF_MAX_TX_SIZE is the greatest length of a frame.
const XEN_NETIF_MAX_TX_SIZE = 0xffff

// The flags in NetifTXRequest.Flags.
const (
	NETTXF_csum_blank     = 1 << 0 // the protocol's checksum is not filled in
	NETTXF_data_validated = 1 << 1 // the checksum need not be checked
	NETTXF_more_data      = 1 << 2 // the next request goes on with the frame
	NETTXF_extra_info     = 1 << 3 // a NetifExtraInfo follows
)

// NetifTXResponse is struct netif_tx_response.
type NetifTXResponse struct {
	ID     uint16
	Status int16 // NETIF_RSP_*
}

// NetifRXRequest is struct netif_rx_request: an empty page for a frame.
type NetifRXRequest struct {
	ID   uint16
	_    uint16
	GRef GrantRef `abi:"gref"`
}

// NetifRXResponse is struct netif_rx_response: a frame, or a part of one, in
// the page of the request that was in this slot.
type NetifRXResponse struct {
	ID     uint16
	Offset uint16 // in the page
	Flags  uint16 // NETRXF_*
	Status int16  // the length, or a negative NETIF_RSP_*
}

// The flags in NetifRXResponse.Flags.
const (
	NETRXF_data_validated = 1 << 0 // the checksum need not be checked
	NETRXF_csum_blank     = 1 << 1 // the protocol's checksum is not filled in
	NETRXF_more_data      = 1 << 2 // the next response goes on with the frame
	NETRXF_extra_info     = 1 << 3 // a NetifExtraInfo follows
	NETRXF_gso_prefix     = 1 << 4
)

// The results in NetifTXResponse.Status and NetifRXResponse.Status.
const (
	NETIF_RSP_DROPPED = -2
	NETIF_RSP_ERROR   = -1
	NETIF_RSP_OKAY    = 0
	NETIF_RSP_NULL    = 1 // for a NetifExtraInfo
)

// NetifExtraInfo is struct netif_extra_info: says more of a frame. It takes the
// slot of a request or a response.
type NetifExtraInfo struct {
	Type  uint8   // XEN_NETIF_EXTRA_TYPE_*
	Flags uint8   // XEN_NETIF_EXTRA_FLAG_MORE: another follows
	U     [6]byte // by type
}

// The types of NetifExtraInfo, and its flag.
const (
	XEN_NETIF_EXTRA_TYPE_GSO       = 1
	XEN_NETIF_EXTRA_TYPE_MCAST_ADD = 2
	XEN_NETIF_EXTRA_TYPE_MCAST_DEL = 3
	XEN_NETIF_EXTRA_TYPE_HASH      = 4
	XEN_NETIF_EXTRA_FLAG_MORE      = 1
)

// XEN_NETIF_NR_SLOTS_MIN is how many slots a frame may take at least.
const XEN_NETIF_NR_SLOTS_MIN = 18
