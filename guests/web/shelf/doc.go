// Package shelf keeps a few files on a disk, safely.
//
// # Layout
//
// The disk has two halves. Each begins with a header of a page, and behind that is a tar archive of all files:
//
//	│ header │ archive            │   …   │ header │ archive              │
//	0        4 KiB                        size/2
//
// The header names a generation, the archive's length and a checksum of both. The half whose header and checksum are right and whose
// generation is the higher one is what the shelf has; with none there are no files.
//
// # A change
//
// A change writes all files to the other half: first the archive, then, when that is flushed, the header, and flushes again. A power
// cut leaves the old half whole at every moment. The price is that a change costs as much as all files do, so this is for a
// few pages of a web server and not for a database.
//
// Anybody can read it: the archive is what tar reads, from byte 4096 of a half.
package shelf
