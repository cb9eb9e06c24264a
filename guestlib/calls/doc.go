// Package calls lets packages above the runtime answer system calls.
//
// The library below the runtime may not allocate and can't wait for a goroutine, so what files and sockets need is done
// above it, in ordinary Go. Where a package of the program makes a system call, by package syscall's wrappers, tools/goport
// has them ask here first, in the goroutine that calls. A package says with [Handle] which calls it knows; each is told of
// all of them, those too that concern somebody else's descriptors, and says whether a call was its own. What nobody owns
// goes down to the library. The runtime's own calls always do.
package calls
