package model

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"tuco/control/virtio"
)

// Memory is a machine's memory, of pages that are nowhere near each other.
type Memory struct {
	Limit int // the most pages at a time

	mu    sync.Mutex
	pages map[uint64][]byte // by bus address
	next  uint64
}

// ErrMemory says that there are no more pages than Limit.
var ErrMemory = errors.New("out of pages for devices")

// Page implements virtio.Memory.
func (m *Memory) Page() (virtio.Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pages == nil {
		m.pages = map[uint64][]byte{}
	}
	if len(m.pages) == m.Limit {
		return virtio.Page{}, ErrMemory
	}
	memory := make([]byte, 2*virtio.PageSize)
	at := -uintptr(unsafe.Pointer(&memory[0])) % virtio.PageSize
	m.next += 3 * virtio.PageSize // pages are not adjacent
	p := virtio.Page{Bytes: memory[at:][:virtio.PageSize:virtio.PageSize], Bus: 1<<32 + m.next}
	m.pages[p.Bus] = p.Bytes
	return p, nil
}

// Free implements virtio.Memory.
func (m *Memory) Free(p virtio.Page) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.pages[p.Bus]; !ok {
		panic(fmt.Sprintf("model: the page at %#x is not in use", p.Bus))
	}
	delete(m.pages, p.Bus)
}

// Used is how many pages are in use.
func (m *Memory) Used() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.pages)
}

// at is what is at an address. It panics where a device may not go.
func (m *Memory) at(bus uint64, length int) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	page, ok := m.pages[bus&^(virtio.PageSize-1)]
	from := int(bus % virtio.PageSize)
	if !ok || from+length > virtio.PageSize {
		panic(fmt.Sprintf("model: the device was given %d bytes at %#x, which are not one page's", length, bus))
	}
	return page[from : from+length]
}
