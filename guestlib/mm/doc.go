// Package mm gives a guest's program its memory.
//
// The hypervisor's builder starts a guest with its image mapped from [Base] on, page after pseudo-physical page, and some
// room behind it. That mapping is the beginning of the direct map: where the page p of the domain is seen, it is seen at
// Base + p pages. Only what the library has to look at gets there, above all page tables, which are mapped read-only as the
// hypervisor demands. They take pages from the direct map's low end, the program takes frames from the domain's high end.
//
// The program sees areas: ranges of addresses with a protection, which cost nothing until they are touched. A fault in one
// maps some pages around the address, all of them zero. Tables that are missing are filled while nobody has them in use,
// by plain stores; then one batch of the queue makes them read-only, hangs them in, and writes what remains.
//
// All of it is behind one lock, which an exported function takes and gives back. A fault while it is held would be this
// package's error: it touches nothing of the program's but pages that it has mapped just before. So whatever lock the
// library holds, it may touch the program's memory. Where a mapping goes away or loses a right, all vCPUs forget it before the
// lock is given back, and before its frame is free.
//
//	0x4000_0000      the image, the builder's pages, the direct map
//	0x1_0000_0000    the latter two, if the image goes on where they were: see zeros.go
//	0x2_0004_0000    below it the library's stacks, one for each thread, each above unmapped pages; above it areas of its choice
//	0x2_1000_0000    Go's heap: tools/goport has the runtime ask for these addresses
//	0x30_0000_0000   areas that are too large for the room below the heap
//	0x40_0000_0000   the end: what the runtime has tables for
//
// A new table costs the hypervisor as much as mapping some twenty pages, so what every program uses first lies together: one
// table below the heap, and the heap's first. They are made, with the first stacks, when the library takes the memory over.
package mm
