// Package wire is the management API as it is on the wire: the paths, the bodies in JSON, and the names of what else is said. The server
// (control/api) and its clients share it; openapi.json beside the server describes the same to others.
//
// Sizes are in bytes, times in RFC 3339, lengths of time in seconds. An answer with a status of 400 or above has an [Error] as its body. Each request
// carries the host's token: see [Bearer].
package wire
