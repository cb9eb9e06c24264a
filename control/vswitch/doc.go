// Package vswitch is a virtual Ethernet switch between guests that don't trust each other.
//
//	 guest A          guest B          gateway
//	    │                │                │           a port: frames go in by Receive,
//	┌───┴────┐       ┌───┴────┐       ┌───┴────┐      and come out by its Sink's Deliver
//	│ port A │       │ port B │       │  port  │
//	└───┬────┘       └───┬────┘       └───┬────┘
//	    │ tap            │ tap            │ tap       a copy of each frame, for a capture
//	    ▼                ▲                ▲
//	  parse              │                │           lengths are checked, once
//	  filter             │                │           the source is the port's own
//	  where to ──────── rules ─────────── rules       may A talk to B?
//	                     │                │
//	                   finish           finish        sums and segments for those that need them
//
// # Whom a frame may come from
//
// A port that is not trusted is filtered: what comes in has the port's source address, whatever it is; ARP and IPv4 say the
// addresses that the port has (Port.SetAddresses), and a packet with no address may be a request for one (DHCP) only. IPv6 is
// refused, or allowed with the link-local address made of the MAC and those that the port has. VLAN tags and kinds of frame that
// are none of these are refused. So is what only a gateway says: answers of DHCP, router advertisements. Nobody can take over
// another's address, and everybody's packets are known to be theirs: the firewall, the gateway, and who reads the log
// rely on it.
//
// # Where a frame goes
//
// To the port that has the address. Fixed addresses are known from the beginning, never move and never age. Others (behind an
// uplink that is bridged) are learned from what comes in, in a table with a bound, and forgotten when they are silent.
// Broadcasts, and frames to addresses that nobody has, go to several ports, so each port may send so many of them in a second;
// to a port with a fixed address no frame for another address goes, known or not.
//
// # Who may talk to whom
//
// Rules, the first that matches decides ([ParseRules] has the syntax). They judge the first packet of a flow. What it allows is
// remembered: the answer passes by itself, so a rule that lets a web server be asked need not let it ask. Rules are about IP:
// ARP passes, and tells nothing but an address that its owner has.
//
// # Offloads
//
// Frames carry what is still to be done to them (package packet). A segment of 64 KiB goes from guest to guest uncut, and is cut
// only in front of a port that can't take it (Options.Takes).
//
// # Bounds
//
// All tables have a size, all work on a frame is bounded, and with nothing new to remember a frame allocates nothing. When a
// table is full, what is new is refused (flows) or not learned (addresses), and counted.
//
// # Locks
//
// One lock guards all tables. It is held while a batch of frames is judged, not while it is delivered, so that a Sink
// may call anything of the switch. Each port's frames stay in order as long as one goroutine calls Receive of the ports that
// they come from.
package vswitch
