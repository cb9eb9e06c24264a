// Package rt stands in for the parts of the Go runtime that compiled code
// calls and that the kernel cannot use as they are: those that report an error
// through a started runtime, and those that choose AVX code.
//
// Nothing calls these functions by name. tools/mkimage writes a jump to each at
// the first byte of the runtime's own, as the list in redirects.txt says, so
// their signatures and calling convention are the runtime's. Link keeps the
// linker from dropping them.
package rt
