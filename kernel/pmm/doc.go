// Package pmm hands out the machine's frames.
//
// # Buddies
//
// Free memory is kept as blocks of 2^order frames, aligned to their size, with
// orders from 0 (4 KiB) to 18 (1 GiB). An allocation takes the smallest block
// that is large enough and halves it until it fits; the halves not needed become
// free blocks. A block of order n has one buddy, the block whose number differs
// in bit n alone; when both are free they become one block again. So freeing
// everything gives back the state at the start, whatever the order of the frees.
//
// # Records
//
// Every frame of RAM has a record, Info, of 24 bytes: 0.6 % of memory. It is
// shared with the code that tracks who owns a frame and what type it has, whose
// words are unused while a frame is free; the free lists are threaded through
// one of them. Links are frame numbers, not pointers: half the size, and there
// is nothing in the array that a stray write could turn into a wild pointer.
//
// A record belongs to one of five states:
//
//	hole       no RAM here (a record exists since RAM lies around it)
//	reserved   RAM that was never given to the allocator
//	free       the first frame of a free block, with its order
//	allocated  the first frame of an allocated block, with its order
//	tail       any later frame of a free or allocated block
//
// Since each block has one first frame and all its others are tails, an
// operation touches as many records as there are orders, not frames; and a free
// that names a block twice, its middle, a wrong order, or memory that was never
// allocated is recognised for sure (see Result).
//
// Records are found through a table of sections of 1 GiB: a hole of a terabyte
// costs 12 KiB of table, not gigabytes of records. No block crosses a section.
//
// # Zones
//
// Code that starts an application processor lies below 1 MiB, and some devices
// reach 4 GiB only. Blocks are kept in a zone each for memory below 1 MiB, below
// 4 GiB, and above; a block never crosses a zone's border. An allocation that may
// lie anywhere takes the highest zone that can serve it, so that low memory lasts.
//
// # Scrubbing
//
// A block that is handed out is zeroed, at that moment and not when it was
// freed. It is right: a frame freed by a guest may still be in the TLB of a CPU
// that could write to it, so zeroing counts only after the flush, and the
// flush is put off until the frame is used again (Info.Stamp tells whether it is
// still due). And it is cheap: the frame is warm in the cache for its new
// owner, boot does not clear memory that nobody may ever want, and destroying a
// domain is short. Nobody can read a free frame in the meantime.
//
// AllocRaw leaves it out, for the memory with which domain 0 begins.
//
// Zeroing happens outside the lock, through a function of the kernel's, which may
// thus flush, that is wait for other CPUs; so Alloc must be called with no lock
// held if a flush may be due.
//
// # Before the records exist
//
// Map is the memory map at boot: RAM, minus what is reserved. It serves the
// allocations that come before the allocator (first of all the page tables of
// the direct map), by moving frames from available to reserved. Plan then sizes and
// places the records, and Allocator.Init takes over what is left.
package pmm
