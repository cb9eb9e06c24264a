// Package link makes connections of a line that has none, such as a serial port.
//
// # Beginning anew
//
// A line doesn't say that another program has taken its end, and bytes of the last one may still be under way. So what goes over it is in frames
// with an end that appears nowhere else, and a program begins with a frame that says so, with a number that it has drawn. The other end gives up whatever connection there was and
// answers with that number; everything before the answer belongs to the past and is dropped.
//
//	frame:  kind, content, 0xc0
//	        where 0xc0 is written 0xdb 0xdc, and 0xdb is written 0xdb 0xdd
//	kinds:  'H' hello, with 8 bytes: a number      from the end that dials
//	        'A' the answer, with the same number   from the end that accepts
//	        'D' data
//
// The line is taken to lose nothing: an emulator's doesn't, and a real one has its own checks above. A frame that can't be is dropped,
// which ends the connection above as a lost byte would.
//
// # Many streams
//
// On a connection there are streams, any number of them in both directions at once, by [yamux]: a slow one doesn't stop the others. A [Dialer] opens
// streams, a [Listener] accepts them; each is a net.Conn, so HTTP goes over them as over TCP.
//
// [yamux]: https://github.com/hashicorp/yamux
package link
