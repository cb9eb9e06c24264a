// Package frame gives every kind of address its own type, so that a machine
// frame number never passes for a guest's and a frame number never passes for
// an address. Conversions are spelled out, and cost nothing.
//
// The names are Xen's. A machine frame is a page of the host's RAM; a guest
// frame is a page of what a guest believes to be its RAM; a pseudo-physical
// frame is what a paravirtual guest's own tables count in.
package frame

// Sizes of a page, in bytes and as a shift.
const (
	PageShift = 12
	PageSize  = 1 << PageShift

	LargePageShift = 21
	LargePageSize  = 1 << LargePageShift

	HugePageShift = 30
	HugePageSize  = 1 << HugePageShift
)

// MFN is a machine frame number: the host's physical address divided by the page size.
type MFN uint64

// GFN is a guest frame number: what a domain names a frame by in a hypercall.
type GFN uint64

// PFN is a pseudo-physical frame number of a paravirtual guest.
type PFN uint64

// MAddr is a machine (host physical) address in bytes.
type MAddr uint64

// VAddr is a virtual address of the hypervisor's or of a guest's, in bytes.
type VAddr uint64

// NoMFN stands for "no such frame"; no machine has it.
const NoMFN = ^MFN(0)

// Addr is the address of the frame's first byte.
func (m MFN) Addr() MAddr { return MAddr(m) << PageShift }

// MFN is the frame that holds the address.
func (a MAddr) MFN() MFN { return MFN(a >> PageShift) }

// Offset is the address's distance from the start of its frame, in bytes.
func (a MAddr) Offset() uint64 { return uint64(a) & (PageSize - 1) }

// Down rounds to the start of the frame that holds the address.
func (a MAddr) Down() MAddr { return a &^ (PageSize - 1) }

// Up rounds to the start of the next frame, or stays where a frame starts.
// Near the end of the 64-bit space it wraps to 0: bound the address before.
func (a MAddr) Up() MAddr { return (a + PageSize - 1) &^ (PageSize - 1) }

// Offset is the address's distance from the start of its page, in bytes.
func (v VAddr) Offset() uint64 { return uint64(v) & (PageSize - 1) }

// Down rounds to the start of the page that holds the address.
func (v VAddr) Down() VAddr { return v &^ (PageSize - 1) }

// Up rounds to the start of the next page, or stays where a page starts.
func (v VAddr) Up() VAddr { return (v + PageSize - 1) &^ (PageSize - 1) }

// Canonical tells whether bits 63 to 47 of the address are all alike, as the
// processor demands with 4-level paging.
func (v VAddr) Canonical() bool { return uint64(int64(v)<<16>>16) == uint64(v) }
