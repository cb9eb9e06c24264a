// Package model is a virtio device for tests: the other end of queues, in the same program.
//
// A [Device] is a virtio.Transport. What it does with a request is a function of the test's; and it can be told to break the protocol in the
// ways in which a broken or hostile device does. It follows the table of descriptors as a device does, from the addresses that it was given,
// and fails the test's run where a driver breaks the protocol.
package model
