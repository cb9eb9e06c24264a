// Package disk drives virtio block devices.
//
// A [Disk] does requests of any number of goroutines at once. [Disk.Do] takes memory that the device is to reach by itself, which may be another domain's that
// was mapped; ReadAt and WriteAt copy through pages of the driver's own, since a program's memory is in pieces that no device should see more of than
// is asked for.
//
// # The end
//
// Close resets the device first and fails what was waiting afterwards: once a call has returned, whatever it returned, the device doesn't reach the memory that
// the call was about. A device that breaks the protocol gets the same treatment at once. One that doesn't even reset is left alone with its memory: those calls
// never return, which is better than to hand out memory that somebody else still writes to.
//
// # Order and durability
//
// Requests that are under way together are done in any order. What was written may be in a cache of the device's until Flush returns; a device
// that has no flush has no such cache.
//
// Source: Virtual I/O Device (VIRTIO) Version 1.1, "Block Device".
package disk
