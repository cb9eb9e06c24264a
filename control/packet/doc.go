// Package packet reads Ethernet frames that nobody vouches for, and does to them what a network card would.
//
// # Reading
//
// [Parse] finds the headers of a frame once, and what it returns is safe to use as indices: each header lies in the frame, the
// packet ends where its own length says, and that is not behind the frame's end. What contradicts itself is an error, not a guess.
// Nothing else in the control domain reads lengths from packets.
//
// # What a wire would have done
//
// Frames between two guests of one host never are on a wire. A checksum protects nothing there, and the limit of 1500 bytes
// is nobody's. So a [Frame] carries beside its bytes what is still to be done to it, as a network card's descriptor does:
//
//   - Blank: the checksum of TCP or UDP is missing; in its place stands the sum of the pseudo-header. Who
//     sends it may have left anything there: [Info.Seed] puts that right where the frame comes in.
//   - Segments: the frame is one TCP segment of up to 64 KiB, to be cut into segments of MSS bytes each.
//
// Both are kept as long as who gets the frame can take it so ([Takes]). [Fill] and [Segmenter] do it for those that can't.
// What a frame says of itself is checked by [Info.Check] where it comes in; behind that both can't fail.
//
// Nothing here allocates, and nothing keeps a frame's bytes.
package packet
