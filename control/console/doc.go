// Package console is the daemon of guests' consoles: what a guest writes is kept, logged, and shown to who is attached; what those
// type goes to the guest.
//
// # One console
//
// A guest's console is a page with a byte ring in each direction (package ring/console) and an event channel. A [Console] outlives the guest's
// pages: it is opened when the guest is made, gets a page by [Console.Connect] whenever there is one (again when the guest is
// rebooted, or the daemon was restarted), and can be read after the guest's end.
//
// # Output
//
//	ring ─ take ─ limit ─┬─ history: the last bytes, in a ring of memory
//	                     │     └─ those who are attached: each reads there from where it is
//	                     └─ log: a writer, such as a file
//
// The guest writes as fast as the daemon takes, and the daemon takes no more per second than the limit: a guest that floods its console
// waits, and costs the control domain and the log no more than that. Nothing is lost by waiting, since what isn't taken stays
// in the guest's page.
//
// Those who are attached may be slow, or have stopped reading. Nobody waits for them, and they cost no memory of their own: who is slower
// than the history is long misses what it has lost, and is told how much ([Attachment.Read]). A log that fails is reported and
// written no more, until the next Connect.
//
// # Input
//
// What is typed waits in a queue that is bounded: a guest that reads nothing makes [Attachment.Write] fail with ErrFull, and nobody
// wait. Several may type at once; what each writes in one call stays together.
//
// # The guest is not trusted
//
// An index that can't be ends the connection, with the reason in [Console.Err] and the log; the history stays. Bytes are bytes here: control
// characters are for the terminal in the end, and [Printable] is for places that are none, such as logs of the host.
package console
