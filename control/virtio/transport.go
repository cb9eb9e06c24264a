package virtio

import (
	"fmt"
)

// Transport is the way to a device's registers.
type Transport interface {
	Features() uint64           // what the device offers
	Accept(features uint64)     // what the driver uses
	Status() uint8              // see the Status constants
	SetStatus(status uint8)     // 0 resets the device
	QueueSize(queue int) uint16 // the most descriptors; 0 where there is no such queue

	// Install tells where a queue is, and turns it on.
	Install(queue int, size uint16, table, available, used uint64) error
	// Notify tells the device that there is something new in a queue.
	Notify(queue int)
	// Config reads a field of 1, 2, 4 or 8 bytes of what is particular to the kind of device; beyond the end is 0. Fields that have to
	// fit together are read by Consistent.
	Config(offset, width int) uint64
	// Generation is another one after the fields that Config reads have changed.
	Generation() uint8
	// Interrupt tells why the device interrupted, and that it need not do so any longer.
	Interrupt() (queues, config bool)
}

// Status bits, in the order in which they are set.
const (
	StatusAcknowledge = 1 << 0
	StatusDriver      = 1 << 1
	StatusDriverOK    = 1 << 2
	StatusFeaturesOK  = 1 << 3
	StatusNeedsReset  = 1 << 6
	StatusFailed      = 1 << 7
)

// Features that are every device's.
const (
	FeatureIndirect = 1 << 28 // VIRTIO_F_INDIRECT_DESC
	FeatureEvents   = 1 << 29 // VIRTIO_F_EVENT_IDX
	FeatureVersion1 = 1 << 32 // VIRTIO_F_VERSION_1
)

// patience is how often a register is read again that takes its time: a device does what it is told while it is told, or
// within some reads.
const patience = 100_000

// Reset makes the device forget all that it was told. Afterwards it reaches no memory.
func Reset(t Transport) error {
	t.SetStatus(0)
	for range patience {
		if t.Status() == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: it didn't reset within %d reads of its status", ErrDevice, patience)
}

// Begin resets the device and agrees with it on features: all that are wanted and offered. It fails where a device doesn't offer
// FeatureVersion1 or one that is required. Queues are installed next, and then comes Ready.
func Begin(t Transport, wanted, required uint64) (features uint64, err error) {
	if err := Reset(t); err != nil {
		return 0, err
	}
	required |= FeatureVersion1
	t.SetStatus(StatusAcknowledge | StatusDriver)
	offered := t.Features()
	if lacks := required &^ offered; lacks != 0 {
		t.SetStatus(StatusFailed)
		return 0, fmt.Errorf("the device offers features %#x, and of those that are needed it lacks %#x", offered, lacks)
	}
	features = offered & (wanted | required)
	t.Accept(features)
	t.SetStatus(StatusAcknowledge | StatusDriver | StatusFeaturesOK)
	if t.Status()&StatusFeaturesOK == 0 {
		t.SetStatus(StatusFailed)
		return 0, fmt.Errorf("the device refuses features %#x, all of which it offered", features)
	}
	return features, nil
}

// Ready lets the device begin.
func Ready(t Transport) {
	t.SetStatus(StatusAcknowledge | StatusDriver | StatusFeaturesOK | StatusDriverOK)
}

// AddQueue makes a queue for the device and installs it: of as many descriptors as the device takes, and at most the most that is given.
func AddQueue(t Transport, memory Memory, number, most int, events bool) (*Queue, error) {
	size := int(t.QueueSize(number))
	if size == 0 {
		return nil, fmt.Errorf("the device has no queue %d", number)
	}
	size = min(size, most, MaxQueue)
	for size&(size-1) != 0 {
		size &= size - 1
	}
	q, err := NewQueue(memory, size, events)
	if err != nil {
		return nil, fmt.Errorf("queue %d: %w", number, err)
	}
	if err := t.Install(number, q.size, q.table.Bus, q.available.Bus, q.used.Bus); err != nil {
		q.Release(memory)
		return nil, fmt.Errorf("queue %d: %w", number, err)
	}
	return q, nil
}

// Consistent reads fields of the device's configuration that fit together. It fails where they never stay as they are for long enough.
func Consistent(t Transport, read func()) error {
	for range 100 {
		before := t.Generation()
		read()
		if t.Generation() == before {
			return nil
		}
	}
	return fmt.Errorf("%w: its configuration doesn't come to rest", ErrDevice)
}
