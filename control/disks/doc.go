// Package disks gives guests the disks that their guest.cfg files name: it is the toolstack's way to the volume store.
//
// For each disk there is an open volume, a back end, and two directories in the store. They are made in that order and go in the reverse order: a volume is closed
// when nothing reaches it any more, and only then can another guest have it. A volume that is written has one user, so a second guest that
// names it is refused as it is made.
//
// # Where volumes are
//
// [Open] finds the volume store on the host's disk, and makes one on a disk that has nothing on it; on any other it refuses, since what is there may be
// somebody's. A host without a disk has its volumes in memory ([RAM]), and they end with it.
package disks
