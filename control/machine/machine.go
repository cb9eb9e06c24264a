package machine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tuco/control/pci"
	"tuco/control/virtio"
	"tuco/guestlib/hardware"
	"tuco/guestlib/page"
)

// Space is the PCI configuration space.
func Space() pci.Space { return pci.NewPorts(hardware.Ports{}) }

// Memory is virtio.Memory.
type Memory struct {
	mu   sync.Mutex
	runs map[uint64]*page.Run // by bus address
}

// Page implements virtio.Memory. The error is that of package page, where there is no memory.
func (m *Memory) Page() (virtio.Page, error) {
	run, err := page.Alloc(1)
	if err != nil {
		return virtio.Page{}, err
	}
	p := virtio.Page{Bytes: run.Bytes(), Bus: uint64(run.Frame(0)) * page.Size}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runs == nil {
		m.runs = map[uint64]*page.Run{}
	}
	m.runs[p.Bus] = run
	return p, nil
}

// Free implements virtio.Memory.
func (m *Memory) Free(p virtio.Page) {
	m.mu.Lock()
	run := m.runs[p.Bus]
	delete(m.runs, p.Bus)
	m.mu.Unlock()
	run.Free()
}

// Mapper is virtio.Mapper.
type Mapper struct{}

// Map implements virtio.Mapper. A mapping lasts as long as the program.
func (Mapper) Map(region pci.Region) (virtio.Window, error) {
	memory, err := hardware.Map(region.Address, region.Size)
	if err != nil {
		return nil, err
	}
	return virtio.Mapped(memory.Bytes()), nil
}

// Line is the interrupt line of a device, which others may have too.
type Line struct {
	line *hardware.Line

	mu    sync.Mutex
	users []func() // what serves each device
}

// Lines are those that are in use, and the messages of devices that interrupt by one.
type Lines struct {
	mu       sync.Mutex
	lines    map[uint8]*Line
	messages map[pci.Function]*hardware.Message
}

// ByMessage has a device interrupt by a message of its own from now on, of which nobody else's handler has to be asked. Where that can't be, it
// fails, and the device interrupts by its line. It comes before the device's driver, and Serve behind.
func (l *Lines) ByMessage(d *pci.Device, t virtio.Transport) error {
	device, ok := t.(virtio.Messenger)
	if !ok {
		return virtio.ErrNoMessages
	}
	m, err := hardware.OpenMessage()
	if err != nil {
		return err
	}
	if err := device.UseMessage(m.Address, m.Data); err != nil {
		return errors.Join(err, m.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.messages == nil {
		l.messages = map[pci.Function]*hardware.Message{}
	}
	l.messages[d.Function] = m
	return nil
}

// ServeISA has a device served whenever a line interrupts of those that the oldest devices have, by an edge and for themselves.
func (l *Lines) ServeISA(number int, serve func()) error {
	line, err := hardware.OpenLine(number, hardware.Signal{})
	if err != nil {
		return err
	}
	shared := &Line{line: line}
	shared.add(serve)
	go shared.run()
	return nil
}

// ServeQueues has a driver called whenever its device has done something in a queue.
func (l *Lines) ServeQueues(d *pci.Device, t virtio.Transport, interrupted func()) error {
	return l.Serve(d, func() {
		if queues, _ := t.Interrupt(); queues {
			interrupted()
		}
	})
}

// Serve has a device served whenever it interrupts, by a call that also takes the interrupt back.
func (l *Lines) Serve(d *pci.Device, serve func()) error {
	l.mu.Lock()
	message := l.messages[d.Function]
	l.mu.Unlock()
	if message != nil {
		go func() {
			for message.Wait(context.Background()) == nil {
				serve()
			}
		}()
		return nil
	}
	if d.Pin == 0 || d.Line == 0 || d.Line == 0xff {
		return fmt.Errorf("%v: the firmware says of no interrupt line that it is the device's", d.Function)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = map[uint8]*Line{}
	}
	if line := l.lines[d.Line]; line != nil {
		line.add(serve)
		return nil
	}
	hw, err := hardware.OpenLine(int(d.Line), hardware.PCI)
	if err != nil {
		return fmt.Errorf("%v: %w", d.Function, err)
	}
	line := &Line{line: hw}
	line.add(serve)
	l.lines[d.Line] = line
	go line.run()
	return nil
}

func (l *Line) add(serve func()) {
	l.mu.Lock()
	l.users = append(l.users, serve)
	l.mu.Unlock()
}

// run serves all devices of the line, whichever has interrupted.
func (l *Line) run() {
	for l.line.Wait(context.Background()) == nil {
		l.mu.Lock()
		for _, serve := range l.users {
			serve()
		}
		l.mu.Unlock()
		if err := l.line.Done(); err != nil {
			fmt.Println("machine:", err)
			return
		}
	}
}
