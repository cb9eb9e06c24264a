// Package virtio is what drivers of virtio devices have in common: the handshake, and the queues.
//
// # The device is not trusted
//
// Device and driver share memory, as the two ends of a ring between domains do; only here the other end is an emulator, or a card.
// The same rules hold: what the device can write is read once and checked, and what the driver has to know later it
// keeps to itself. The device may read the descriptors; the driver never does. A device that returns what it was not given, or
// says that it wrote more than there was room for, is broken: its queue fails from then on with [ErrDevice],
// and whoever owns it resets the device before its memory is used for anything else.
//
// What a device can't be kept from without an IOMMU is writing to any memory of the machine. The domain that has it is trusted for that much.
//
// # A queue
//
// A [Queue] is a split virtqueue: a table of descriptors, the ring of chains that are offered to the device ("available"), and the ring of those
// that it has done with ("used"). Each of the three is in a page of its own: the pages of a domain have machine frames in no order, and so there is
// nothing that is longer. With 4096 bytes the table has room for 256 descriptors, and no queue is made longer.
//
// # Notifications
//
// Each side tells the other from which index on it wants to be told of something new (VIRTIO_F_EVENT_IDX), or just whether it does. The order is
// as always: publish, then look at what the other side wishes; and before sleep: say the wish, then look once more.
// Both need a full fence between a store and a load. 16-bit fields have no atomic operations in Go, so each is accessed together with its neighbour,
// which has the same writer.
//
// Source: Virtual I/O Device (VIRTIO) Version 1.1, "Split Virtqueues", "General Initialization And Device Operation",
// "Virtio Over PCI Bus".
package virtio
