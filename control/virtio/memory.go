package virtio

// PageSize is how long a piece of memory is that a device can be given as a whole, in bytes.
const PageSize = 4096

// Page is memory that the device can reach.
type Page struct {
	Bytes []byte // PageSize of them, aligned to their number
	Bus   uint64 // the address by which the device knows them
}

// Memory has pages for devices. A page is cleared when it is given out. It must not be used for anything else before the device
// was reset, or has returned it.
type Memory interface {
	Page() (Page, error)
	Free(Page)
}

// Buffer is a piece of memory in a request.
type Buffer struct {
	Bus    uint64
	Length uint32
	Write  bool // the device writes it; otherwise it reads it
}
