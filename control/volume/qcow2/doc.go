// Package qcow2 reads and writes disk images in QEMU's qcow2 format.
//
// A file is made of clusters of equal size. The header names the L1 table, whose entries name L2 tables of one cluster each,
// whose entries name the clusters with the disk's content:
//
//	header ─▶ L1 ─▶ L2 ─▶ data cluster
//	                  └─▶ compressed data, somewhere in the file
//
// Entry 0 is a hole, which reads as zeros (or as the backing file does, of an image that has one). Numbers are
// big-endian. Reference counts of clusters are in tables of their own, which a reader needs not look at.
//
// # What is read
//
// Versions 2 and 3, clusters compressed by deflate or Zstandard among them, of images that are complete in their file. Refused are images that
// need another file (a backing file, a data file), that are encrypted, that are marked as corrupt, and that have extended L2 entries; the message says how to
// convert them. Internal snapshots are left out: an image is read as it is now.
//
// # Images are not trusted
//
// Each table and each cluster that is not compressed must lie within the file, aligned, and be named once, and a truncated file is found out before anything is
// written. Compressed data may be named more than once, as each cluster of it still needs an entry in a table of its own; what comes of it takes the room that the disk has been given, and no
// more. The L1 table is read in pieces, L2 tables one at a time, and compressed data gets no more memory than a cluster and its decoder need: an image
// can't make its reader use up memory, whatever it says. Open looks at all tables.
//
// # What is written
//
// Version 3, clusters of 64 KiB, no holes filled, in one pass from the start of the file to its end, so that it can go to a pipe.
//
// The format is described in QEMU's docs/interop/qcow2.txt.
package qcow2
