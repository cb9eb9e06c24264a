// Package nic drives virtio network devices.
//
// Frames are whole Ethernet frames, without checksum, and are copied: those to send into pages of the driver's, and those that
// came out of them before the page goes back to the device, so that nobody looks at a frame that the device may still change. A page
// holds one frame. The device is asked for no offloads: what an uplink sends and gets is cut to frames by those who have the connections.
//
// Send never waits. Where the device is slower than those who send, frames are dropped and counted, as a network does.
//
// Source: Virtual I/O Device (VIRTIO) Version 1.1, "Network Device".
package nic
