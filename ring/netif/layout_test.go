package netif_test

import (
	"testing"

	"tuco/hypercall/cabi"
	"tuco/ring"
	"tuco/ring/netif"
)

var headers = []string{"xen.h", "grant_table.h", "io/netif.h"}

func TestLayout(t *testing.T) {
	cabi.Struct(t, headers, netif.TXRequest{}, "struct netif_tx_request", "gref", "offset", "flags", "id", "size")
	cabi.Struct(t, headers, netif.TXResponse{}, "struct netif_tx_response", "id", "status")
	cabi.Struct(t, headers, netif.RXRequest{}, "struct netif_rx_request", "id", "gref")
	cabi.Struct(t, headers, netif.RXResponse{}, "struct netif_rx_response", "id", "offset", "flags", "status")
	cabi.Struct(t, headers, netif.Extra{}, "struct netif_extra_info", "type", "flags", "u")
	dropped, failed := int64(netif.StatusDropped), int64(netif.StatusError)
	const extra = "__builtin_offsetof(struct netif_extra_info, u"
	cabi.Constants(t, headers, map[string]uint64{
		"NETTXF_csum_blank": uint64(netif.TXChecksumBlank), "NETTXF_data_validated": uint64(netif.TXDataValidated),
		"NETTXF_more_data": uint64(netif.TXMoreData), "NETTXF_extra_info": uint64(netif.TXExtraFollows),
		"NETRXF_csum_blank": uint64(netif.RXChecksumBlank), "NETRXF_data_validated": uint64(netif.RXDataValidated),
		"NETRXF_more_data": uint64(netif.RXMoreData), "NETRXF_extra_info": uint64(netif.RXExtraFollows),
		"NETRXF_gso_prefix": uint64(netif.RXGSOPrefix),
		"NETIF_RSP_DROPPED": uint64(dropped), "NETIF_RSP_ERROR": uint64(failed), "NETIF_RSP_OKAY": uint64(netif.StatusOK), "NETIF_RSP_NULL": uint64(netif.StatusNull),
		"XEN_NETIF_EXTRA_TYPE_GSO": uint64(netif.ExtraGSO), "XEN_NETIF_EXTRA_TYPE_MCAST_ADD": uint64(netif.ExtraMulticastAdd),
		"XEN_NETIF_EXTRA_TYPE_MCAST_DEL": uint64(netif.ExtraMulticastRemove), "XEN_NETIF_EXTRA_TYPE_HASH": uint64(netif.ExtraHash),
		"XEN_NETIF_EXTRA_FLAG_MORE": netif.ExtraMore,
		"XEN_NETIF_GSO_TYPE_NONE":   uint64(netif.GSONone), "XEN_NETIF_GSO_TYPE_TCPV4": uint64(netif.GSOTCPv4), "XEN_NETIF_GSO_TYPE_TCPV6": uint64(netif.GSOTCPv6),
		"XEN_NETIF_MAX_TX_SIZE": netif.MaxTXSize, "XEN_NETIF_NR_SLOTS_MIN": netif.MinSlots,
		"__CONST_RING_SIZE(netif_tx, 4096)": uint64(ring.Slots[netif.TXRequest, netif.TXResponse](4096)),
		"__CONST_RING_SIZE(netif_rx, 4096)": uint64(ring.Slots[netif.RXRequest, netif.RXResponse](4096)),
		extra + ".gso.size)-" + extra + ")": 0, extra + ".gso.type)-" + extra + ")": 2,
	})
}
