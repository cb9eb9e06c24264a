// Package nat lets many guests share one address of an uplink, by changing their packets (RFC 3022).
//
//	guest 10.0.0.7:4000 ──▶ 93.184.216.34:443   becomes   192.168.1.2:31234 ──▶ 93.184.216.34:443
//	guest 10.0.0.7:4000 ◀── 93.184.216.34:443   becomes   192.168.1.2:31234 ◀── 93.184.216.34:443
//
// A [Table] keeps, for each conversation, which port of the uplink's address stands for the guest's. A guest's packet makes an
// entry; a packet from outside passes if it has one, or if its port is forwarded to a guest ([Table.Forward]). All
// others are not for guests, and are left to the host's own TCP/IP.
//
// Packets are changed in place, each on its own: nothing is reassembled, no connection ends here, a segment of 64 KiB remains one,
// and the sums of TCP and UDP change by the difference only, so that damage on the way shows at the end. TCP, UDP and ICMP's echo are
// known, and ICMP's errors about them, in which the packet that they quote is changed too: a guest learns that the way to
// a server has a smaller MTU.
//
// Left out: IPv6 (needs no translation, but an uplink that routes), fragments (have no ports; a guest that sends UDP packets longer than its MTU
// must not), IPv4 options, protocols that name addresses in their data (FTP, SIP), and packets from a guest to another by the uplink's address.
//
// # Bounds
//
// A guest has a limit of conversations that it began, and another of those begun from outside, so that neither the guest nor its visitors can
// use up what others need. All have an end: by silence, some time after the end of a TCP connection, or at once when the guest goes. Ports are
// taken at random, so that who is not on the way can't guess them (RFC 6056).
package nat
