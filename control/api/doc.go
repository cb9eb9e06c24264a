// Package api is the management API: what a host is asked over HTTP, in JSON. docs/management.md tells how to use it, openapi.json all of it, and
// package wire has its types.
//
// # Who may ask
//
// Whoever has the token. The server knows only the token's SHA-256, so that whoever reads the control domain's ramdisk has not got it, and compares sums, in
// constant time. A wrong one costs nothing more than a hash: nothing of the request is looked at before. Bodies of JSON have to say that they are, which a
// page in somebody's browser can't make them do.
//
// # What a request can cost
//
//	connections     64 at a time; more wait until one is free
//	consoles        32 of them
//	header          10 s, 16 KiB
//	body            30 s without a byte, then it ends; JSON 64 KiB; an image as much as there is room for on the volumes' disk
//	answer          30 s in which nothing can be sent
//	creations       one at a time reads its images into memory
//
// # Nothing half-made
//
// A guest's files go to volumes first (package images), and are deleted unless the guest is made; a volume that is imported is there whole or not at all. A
// client that goes away in the middle of a creation has sent everything or nothing: a guest is made to its end.
package api
