// Package ramfs is a file system in memory, with the behaviour of a Linux one: directories, files, symbolic and hard links,
// and nodes for devices, of which others know what they do.
//
// All of it is one tree of nodes, and one lock: what an operation does is seen as a whole or not at all. A path is resolved
// with the lock held, from a directory that the caller names, since a process may have many.
//
// A file's content is blocks that are made when they are written to. Below them may lie bytes that the file began with and
// that are never written to, as those of a ramdisk: they cost nothing, and the file is writable all the same. So a ramdisk
// becomes the tree by [FS.Load], without being copied.
//
// Memory that blocks and nodes take is counted, and when there is no room, ENOSPC is the answer. Everybody is root here:
// permissions are kept and not looked at. Reading leaves times alone, as with the mount option noatime.
package ramfs
