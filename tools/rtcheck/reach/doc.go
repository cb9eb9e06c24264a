// Package reach walks what the processor can execute in a linked Go kernel and tells
// what has no business there.
//
// # Why
//
// The kernel links the stock Go runtime and never starts it: there is no heap, no
// scheduler, no goroutine and no package initialisation. The compiler does not know that,
// and turns an innocent append into a call of the allocator. A test finds such a call only
// when it runs; this package finds it whenever it is linked.
//
// # How
//
// Every reachable function is disassembled. It refers to another one by a
// direct call or jump, or by taking an address relative to RIP: of a function, or of a data
// object, whose words may in turn point to functions and to further objects (tables of
// functions, function values, itabs, static structures). Walk follows these references from
// the entry points, breadth first, so that the path it reports is a shortest one.
//
// The walk errs on the side of reaching too much: every function whose address is taken
// counts as called. Where that would drown the verdict in noise, the reference is cut, and
// only where cutting it cannot hide a call (see leaf in data.go).
//
// A redirected function is one that the image builder patches with a jump to a handler of
// the kernel. Its body is not looked at, its handler is.
//
// # What is checked
//
//   - no function of the table in forbid.go is reached (allocator, scheduler, …);
//   - no VEX, EVEX or XOP coded instruction is reached: the kernel leaves the upper halves
//     of the vector registers to its guests, and must run where they are switched off;
//   - only the allowed XMM registers are named, because the others are not saved on an exit;
//   - no x87 or MMX register is named, for the same reason;
//   - nothing reached is undecodable, as what can't be decoded can't be vouched for;
//   - no package of the module needs initialisation, as nobody would do it.
package reach
