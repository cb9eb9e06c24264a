package netif

// Nodes that either side may have in its directory. Numbers are decimal, flags 0 or 1; what isn't there is 0.
const (
	KeyScatter      = "feature-sg"                // it takes frames of several slots
	KeyGSOTCPv4     = "feature-gso-tcpv4"         // it takes long segments
	KeyGSOTCPv6     = "feature-gso-tcpv6"         // also of IPv6
	KeyNoChecksum   = "feature-no-csum-offload"   // it does not take blank checksums of IPv4
	KeyIPv6Checksum = "feature-ipv6-csum-offload" // it takes blank checksums of IPv6
	KeyRXNotify     = "feature-rx-notify"         // the front end tells of new empty pages
)

// The nodes of a back end's directory.
const (
	KeyRXCopy         = "feature-rx-copy" // it copies frames into the front end's pages: the only way here
	KeyRXFlip         = "feature-rx-flip"
	KeySplitChannels  = "feature-split-event-channels"
	KeyMaxQueues      = "multi-queue-max-queues"
	KeyCarrier        = "carrier" // 0: no link
	KeyMulticastAware = "feature-multicast-control"
	KeyControlRing    = "feature-ctrl-ring"
)

// The nodes of a front end's directory.
const (
	KeyMAC            = "mac" // the toolstack's
	KeyMTU            = "mtu" // the toolstack's
	KeyTXRingRef      = "tx-ring-ref"
	KeyRXRingRef      = "rx-ring-ref"
	KeyEventChannel   = "event-channel"
	KeyEventChannelTX = "event-channel-tx" // with KeySplitChannels
	KeyEventChannelRX = "event-channel-rx"
	KeyRequestRXCopy  = "request-rx-copy"
	KeyQueues         = "multi-queue-num-queues"
)
