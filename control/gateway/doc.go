// Package gateway is where a virtual network meets the rest of the world.
//
//	      switch
//	        │ port of the gateway: 10.77.0.1
//	        ▼
//	┌── which way? ───────────────────────────────────────────┐
//	│   │          │                 │                         │
//	│  DHCP,  for the gateway    for outside                   │
//	│  ping        │                 │                         │
//	│   │          ▼                 ▼                         │
//	│   │    ┌──────────┐      NAT, next hop ────▶ uplink      │
//	│   │    │ TCP/IP   │                            │         │
//	│   │    │   DNS    │◀── for the host ── NAT ◀───┘         │
//	│   │    └──────────┘                     │                │
//	│   ▼          ▼                          ▼                │
//	└── back to the switch ────────────────────────────────────┘
//
// # Two ways
//
// Packets between guests and outside are forwarded one by one, with their addresses changed (package nat): they do not pass through the TCP/IP
// stack, and connections do not end here, so a segment is forwarded in less than a microsecond, uncut if the uplink can take it. Only what is
// for the gateway itself comes to the stack (gVisor's): questions of DNS, pings that are not plain, and all that the host has to do with the outside under
// the uplink's address, such as the management API. A plain ping is answered at once, in the frame that it came in.
//
// # What guests may do
//
// The switch has checked whose packets they are. From here on a guest reaches: the gateway's address, where only DNS answers; and outside, all but
// loopback, link-local (169.254.0.0/16), multicast, and the uplink's own address. So a service of the host that listens on the uplink's
// address or on all addresses is reached by guests on the gateway's address only if it listens there: listen on the uplink's address.
// More is refused by rules of the switch: "deny any from any to 192.168.0.0/16".
//
// The router is passed through, not talked to: what begins a conversation with it is refused, and with a server of DNS beside it all but DNS. In QEMU's
// network 10.0.2.2 is the loopback of the machine around it, where the API's port is too. That machine comes from the same address when it
// uses a port that is forwarded to a guest, and gets its answers.
//
// # Next hops
//
// The MAC of a next hop comes from the stack, which asks by ARP. While it is not known a few frames wait; when nobody answers they are lost.
//
// # Left out
//
// No ICMP errors are made: a packet that is too long for the uplink, or has no time to live left, is dropped and counted. Guests learn the
// network's MTU by DHCP, so the first does not happen to those who listen. IPv6 ends at the switch.
package gateway
