// Package volume keeps the disks of guests on the disk of the host: thin volumes, snapshots and clones.
//
// # The disk
//
//	extent 0   1 … n      n+1 …                                            last
//	┌────────┬──────────┬────────────────────────────────────────────────┬────────┐
//	│ super- │ log      │ the pool: volumes' data, an extent each;       │ super- │
//	│ blocks │          │ the store's blocks, 16 in an extent            │ blocks │
//	└────────┴──────────┴────────────────────────────────────────────────┴────────┘
//
// An extent has 64 KiB. A small write to a shared block copies that much and no more, in one request; one entry of a map
// (4 bytes) and one count (2 bytes, in memory) go with it, so that a volume of 1 GiB has a map of 64 KiB.
//
// A volume's map is a tree of 4 KiB nodes. Leaves name extents; a hole is 0 and reads as zeros. The directory has a record for each volume,
// with the root of its map; the superblock has the places of the directory's blocks. All these carry a checksum, the store's
// identity and their own place.
//
// # Checkpoints and the log
//
// A map block on the disk is never changed: a changed one gets a new place, and so does all that leads to it, up to
// the superblock. That is a checkpoint. Superblocks of even and odd generations have two places each, so that
// the one before stands while the next is written, and a superblock is one sector, which is never torn.
//
// A checkpoint after each flush would write a leaf, the nodes above it, a directory block and the superblock. So between
// checkpoints only the log is written, one block with what changed in maps (up to 337 entries); the changed nodes wait in memory. Where
// the log is full, or much waits, a checkpoint follows, and the log begins anew.
//
// # What a flush does
//
// Writes go to their place at once, or to an extent newly taken, as a whole; maps change in memory. A flush then
//
//  1. flushes the disk, so that the data is there;
//  2. writes the changes of maps to the log, or a checkpoint;
//  3. flushes the disk again.
//
// If no map has changed it is the first step only: a guest that overwrites its own blocks costs no writes but its own. Everybody who asks for
// a flush while one runs shares the next (see rounds).
//
// # Why a power cut harms nothing
//
//   - No map on the disk leads to data that isn't there: step 1 comes before step 2.
//   - What was durable stays whole until what replaces it is durable: map blocks have new places; an extent that a map gave up
//     is free, and stops being shared, only after step 3; a slot that the last checkpoint used is free only after the next.
//   - What an extent held before is never seen: an extent is written as a whole before a map leads to it.
//   - Opening needs no more room than there was when the log was written: of each block only the last place that the log names is kept
//     for it, and what was free for maps then is free for them again.
//   - A part of a commit is never taken for one: a superblock is one sector; the blocks of a log carry their commit's extent, and each
//     the checksum of the one before.
//
// # What is in use
//
// Counts of references are not on the disk. Opening a store walks all maps, which are small, and counts; so there is no
// count that can be wrong, space can't leak for longer than till the next start, and each start is a check. A map block with two
// volumes above it is shared: only its first change counts up what it leads to (a clone is made at once, however large).
//
// A block may be written in place if every node on its way has one parent and its extent one name.
//
// # Who may reach what
//
// A Volume is the only way to a volume's blocks, and there is no way in it to others: it turns offsets below its size
// into extents of its own map. One writer, or many readers, may have a volume open.
//
// # Locks
//
// In this order, each may be held while those behind it are taken:
//
//	management    one creation, deletion, snapshot … at a time
//	record.io     shared by reads and writes; exclusive while a map changes hands
//	record.blocks shared by those who read or write blocks in place; exclusive while a block moves
//	rounds        the commit that runs
//	Store.mu      the state in memory; no write waits under it
//
// # What is not in it
//
// Data has no checksums: that is for the guest's file system. A failing flush of the disk stops all writes until the store is opened again, because nobody
// can know what of the writes before it was lost.
package volume
