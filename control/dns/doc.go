// Package dns resolves names for the guests of a network.
//
// Names of guests (web.tuco, or just web) and their addresses are answered from the book; there is no delay between a guest's creation and
// its name. All other questions are passed on to the servers of the uplink, as they are, and the answers passed back: nothing is cached, and
// nothing of an answer is interpreted beyond what shows that it is the answer.
//
//	guest ──── question ────▶ Server ── not of the book ──▶ Dial ──▶ server of the uplink
//	guest ◀─── answer ─────── Server ◀── same number, same question ─────┘
//
// To the outside each question has a number and a port of its own, both random, so that who can't see it can't answer it (RFC 5452).
//
// # Bounds
//
// So many questions are under way at once, in all and for each guest; what is too much is dropped, as UDP is, and a connection is
// closed. A question is given up when the servers don't answer in time; the guest is told so (SERVFAIL). A connection of a guest
// that is silent is closed.
package dns
