package virtio

import (
	"fmt"
	"sync"

	"tuco/control/pci"
)

// Vendor is the PCI vendor of all virtio devices, and ID what the kinds of device have: this and the kind's number. Devices that can also speak the
// protocol's first version have an ID of their own.
const (
	Vendor   = 0x1af4
	firstID  = 0x1040
	firstOld = 0x1000
	lastOld  = 0x103f
)

// Kinds of device.
const (
	KindNet   = 1
	KindBlock = 2
	KindRNG   = 4
)

// KindOf is the kind of a virtio device; 0 if it is none.
func KindOf(d *pci.Device) int {
	switch {
	case d.Vendor != Vendor:
		return 0
	case d.ID > firstID && d.ID < firstID+0x40:
		return int(d.ID - firstID)
	case d.ID >= firstOld && d.ID <= lastOld:
		return int(d.Subsystem)
	}
	return 0
}

// What the vendor's capabilities describe.
const (
	capabilityCommon = 1 + iota
	capabilityNotify
	capabilityInterrupt
	capabilityDevice
)

// Fields of such a capability.
const (
	capLength     = 2
	capKind       = 3
	capBAR        = 4
	capOffset     = 8
	capPartLength = 12
	capMultiplier = 16 // of capabilityNotify
)

// Fields of the common configuration.
const (
	deviceFeatureSelect = 0
	deviceFeature       = 4
	driverFeatureSelect = 8
	driverFeature       = 12
	msixConfig          = 16
	numQueues           = 18
	deviceStatus        = 20
	configGeneration    = 21
	queueSelect         = 22
	queueSize           = 24
	queueVector         = 26
	queueEnable         = 28
	queueNotifyOffset   = 30
	queueTable          = 32
	queueAvailable      = 40
	queueUsed           = 48
	commonLength        = 56
)

// noVector says that there is no message for an interrupt, which comes by the line, then.
const noVector = 0xffff

// overPCI is the Transport of a PCI device.
type overPCI struct {
	device     *pci.Device
	common     part
	notify     part
	interrupt  part
	config     part
	multiplier int

	mapper  Mapper
	windows map[int]Window // by base address register
	message bool           // it interrupts by a message; under mu

	mu       sync.Mutex // some registers choose what others are
	doorbell [64]int    // by queue, where in notify it is rung
}

// OverPCI reaches a device on a PCI bus, and lets it use memory, after it was reset. It fails where what the device says of its registers can't be.
func OverPCI(d *pci.Device, mapper Mapper) (Transport, error) {
	t := &overPCI{device: d, mapper: mapper, windows: map[int]Window{}}
	d.UseMessages(false) // as whoever was here before may have left it
	for _, c := range d.Capabilities() {
		if c.ID != pci.CapabilityVendor {
			continue
		}
		var to *part
		least := 1
		switch d.Read(c.Offset+capKind, 1) {
		case capabilityCommon:
			to, least = &t.common, commonLength
		case capabilityNotify:
			to, least = &t.notify, 2
		case capabilityInterrupt:
			to = &t.interrupt
		case capabilityDevice:
			to = &t.config
		default:
			continue
		}
		if to.window != nil {
			continue // the first that can be used is the one to use
		}
		if err := t.find(to, c, least); err != nil {
			return nil, err
		}
		if to == &t.notify {
			t.multiplier = int(d.Read(c.Offset+capMultiplier, 4))
		}
	}
	for name, p := range map[string]part{"common configuration": t.common, "notifications": t.notify, "interrupt status": t.interrupt} {
		if p.window == nil {
			return nil, fmt.Errorf("%v: the device has no capability for its %s: it speaks an older protocol than virtio 1.0, "+
				"which QEMU's disable-modern=on is for", d.Function, name)
		}
	}
	if err := Reset(t); err != nil {
		return nil, fmt.Errorf("%v: %w", d.Function, err)
	}
	d.Enable()
	t.common.write(msixConfig, 2, noVector)
	return t, nil
}

// find looks at what a capability describes.
func (t *overPCI) find(to *part, c pci.Capability, least int) error {
	d := t.device
	bar := int(d.Read(c.Offset+capBAR, 1))
	offset, length := uint64(d.Read(c.Offset+capOffset, 4)), uint64(d.Read(c.Offset+capPartLength, 4))
	region, err := d.Region(bar)
	switch {
	case err != nil:
		return err
	case region.Ports:
		return fmt.Errorf("%v: its capability at %#x is in I/O ports, which virtio has for the older protocol only", d.Function, c.Offset)
	case length < uint64(least) || offset+length > region.Size || offset%4 != 0:
		return fmt.Errorf("%v: its capability at %#x has %d bytes at %#x, of a region of %#x; there should be %d", d.Function, c.Offset,
			length, offset, region.Size, least)
	}
	w, err := t.open(bar, region)
	*to = part{w, int(offset), int(length)}
	return err
}

// open maps a region, once.
func (t *overPCI) open(bar int, region pci.Region) (Window, error) {
	if w := t.windows[bar]; w != nil {
		return w, nil
	}
	t.device.Answer()
	w, err := t.mapper.Map(region)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", t.device.Function, err)
	}
	t.windows[bar] = w
	return w, nil
}

// window is a region of memory that has to be so long.
func (t *overPCI) window(bar int, least uint64) (Window, error) {
	region, err := t.device.Region(bar)
	switch {
	case err != nil:
		return nil, err
	case region.Ports || least > region.Size:
		return nil, fmt.Errorf("%v: its messages would be in the first %#x bytes of a region of %#x, of memory", t.device.Function, least, region.Size)
	}
	return t.open(bar, region)
}

// Features implements Transport.
func (t *overPCI) Features() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.common.write(deviceFeatureSelect, 4, 0)
	low := t.common.read(deviceFeature, 4)
	t.common.write(deviceFeatureSelect, 4, 1)
	return low | t.common.read(deviceFeature, 4)<<32
}

// Accept implements Transport.
func (t *overPCI) Accept(features uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.common.write(driverFeatureSelect, 4, 0)
	t.common.write(driverFeature, 4, features&0xffffffff)
	t.common.write(driverFeatureSelect, 4, 1)
	t.common.write(driverFeature, 4, features>>32)
}

// Status implements Transport.
func (t *overPCI) Status() uint8 { return uint8(t.common.read(deviceStatus, 1)) }

// SetStatus implements Transport.
func (t *overPCI) SetStatus(status uint8) { t.common.write(deviceStatus, 1, uint64(status)) }

// Generation implements Transport.
func (t *overPCI) Generation() uint8 { return uint8(t.common.read(configGeneration, 1)) }

// QueueSize implements Transport.
func (t *overPCI) QueueSize(queue int) uint16 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if queue >= int(t.common.read(numQueues, 2)) {
		return 0
	}
	t.common.write(queueSelect, 2, uint64(queue))
	return uint16(t.common.read(queueSize, 2))
}

// Install implements Transport. It fails where the device would be notified outside of the place that it has for that.
func (t *overPCI) Install(queue int, size uint16, table, available, used uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if queue >= len(t.doorbell) {
		return fmt.Errorf("this driver has %d queues at most", len(t.doorbell))
	}
	t.common.write(queueSelect, 2, uint64(queue))
	at := int(t.common.read(queueNotifyOffset, 2)) * t.multiplier
	if at%2 != 0 || at+2 > t.notify.length {
		return fmt.Errorf("%w: its notifications for queue %d would be at %#x, beyond %#x", ErrDevice, queue, at, t.notify.length)
	}
	t.doorbell[queue] = at
	t.common.write(queueSize, 2, uint64(size))
	if t.message {
		if err := t.setVector(queueVector); err != nil {
			return err
		}
	} else {
		t.common.write(queueVector, 2, noVector)
	}
	for i, address := range [...]uint64{table, available, used} { // in halves: a device need not take 8 bytes
		register := queueTable + i*8
		t.common.write(register, 4, address&0xffffffff)
		t.common.write(register+4, 4, address>>32)
	}
	t.common.write(queueEnable, 2, 1)
	return nil
}

// Notify implements Transport.
func (t *overPCI) Notify(queue int) { t.notify.write(t.doorbell[queue], 2, uint64(queue)) }

// Config implements Transport.
func (t *overPCI) Config(offset, width int) uint64 {
	if t.config.window == nil || offset+width > t.config.length {
		return 0
	}
	if width == 8 { // in halves, as above
		return t.config.read(offset, 4) | t.config.read(offset+4, 4)<<32
	}
	return t.config.read(offset, width)
}

// Interrupt implements Transport. Reading the status takes the interrupt back. With a message there is none, and each message may be for anything.
func (t *overPCI) Interrupt() (queues, config bool) {
	t.mu.Lock()
	message := t.message
	t.mu.Unlock()
	if message {
		return true, true
	}
	status := t.interrupt.read(0, 1)
	return status&1 != 0, status&2 != 0
}
