// Package netif is the layout of a network interface's rings, and what their messages mean. Public header io/netif.h.
//
// # Two rings
//
// By one ring the front end sends: a [TXRequest] names a page and what of it is the frame's, a [TXResponse] gives it back. By the other
// it receives: an [RXRequest] names an empty page, an [RXResponse] says what the back end has put there.
//
// # Frames of several slots
//
// A frame may go on in the next slot ([TXMoreData], [RXMoreData]), and slots may say more of it ([TXExtraFollows], [RXExtraFollows], an [Extra]): with segmentation
// offload, a TCP segment of up to 64 KiB travels whole, and is cut only where it leaves for a wire. When sending, the first slot's size is
// that of the whole frame; when receiving, each has its own. A back end collects a frame's slots by [Packet.Take], which copies each once
// and checks what they say of each other: that they are all there, not too many, and add up. Every slot is answered, one with an Extra
// by StatusNull.
//
// A front end takes it that the response to a request in a slot comes in that slot, because an Extra has no room for an ID. A ring's responses
// come in the order of its requests where they are put in that order, so a back end puts them so.
//
// # Checksums
//
// A frame that never leaves the machine needs no checksum: its sender leaves it blank ([TXChecksumBlank], [RXChecksumBlank]), with the sum over the
// pseudo header in its place, and whoever sends the frame out completes it. [TXDataValidated], [RXDataValidated] says that it need not be checked.
//
// # Feature keys
//
// What either side can is in its directory of the store: the Key constants. What isn't there is off, but for the checksums of IPv4,
// which are offloaded unless KeyNoChecksum says 1.
package netif
