package hostctl

import (
	"fmt"
	"runtime"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// Populate gives the domain memory, all of it zero: frames[k] becomes the machine frame of its page first+k. Where there are blocks of
// 2 MiB they are taken as such. ENOMEM: there is not as much, or the domain may not have it; what there was it has.
func (d *Domain) Populate(first uint64, frames []hypercall.XenPFN) error {
	for done := 0; done < len(frames); {
		n, err := d.populate(first+uint64(done), frames[done:])
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w after %d of %d pages", failure("populate a domain", hypercall.ENOMEM), done, len(frames))
		}
		done += n
	}
	return nil
}

// largest is the order of the largest extent that is asked for, and some how many extents are asked for at once.
const (
	largest = 9
	some    = 512
)

// populate takes large extents as long as there are any, or else single pages.
func (d *Domain) populate(first uint64, frames []hypercall.XenPFN) (n int, err error) {
	if len(frames) >= 1<<largest && first%(1<<largest) == 0 {
		if n, err = d.extents(first, frames, largest); n > 0 || err != nil {
			return n, err
		}
	}
	small := frames
	if rest := int(-first % (1 << largest)); rest != 0 && rest < len(small) {
		small = small[:rest] // large ones can follow
	}
	return d.extents(first, small, 0)
}

// extents takes extents of one order, as many as a call is for, and returns how many pages there are.
func (d *Domain) extents(first uint64, frames []hypercall.XenPFN, order uint32) (n int, err error) {
	count := min(len(frames)>>order, some)
	list := hyper.Heap([some]hypercall.XenPFN{})
	for i := range list[:count] {
		list[i] = hypercall.XenPFN(first + uint64(i)<<order)
	}
	_, result, err := hyper.Op("populate a domain", hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_populate_physmap, hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(list)), NrExtents: uint64(count), ExtentOrder: order, DomID: d.ID,
	})
	runtime.KeepAlive(list)
	if err != nil {
		return 0, err
	}
	for _, m := range list[:min(result, uint64(count))] {
		for k := range hypercall.XenPFN(1) << order {
			frames[n] = m + k
			n++
		}
	}
	return n, nil
}

// A Mapping is frames of another domain, mapped here side by side. That domain can change them at any time, unless it is paused.
type Mapping struct {
	room *page.Room
	n    int
}

// Map maps frames of the domain, to be written to. EBUSY, EINVAL: it does not have one of them, or one is a page table of it.
func (d *Domain) Map(frames []hypercall.XenPFN) (*Mapping, error) {
	room, err := page.Reserve(len(frames))
	if err != nil {
		return nil, err
	}
	m := &Mapping{room, len(frames)}
	if err := room.MapOthers(0, d.ID, frames); err != nil {
		m.Unmap()
		return nil, err
	}
	return m, nil
}

// Page is the content of a frame.
func (m *Mapping) Page(i int) []byte { return m.room.Bytes(i, 1) }

// Bytes is that of all frames.
func (m *Mapping) Bytes() []byte { return m.room.Bytes(0, m.n) }

// Unmap takes the mapping away. Nobody may look at the frames any more.
func (m *Mapping) Unmap() error {
	if err := m.room.UnmapAll(); err != nil {
		return err
	}
	return m.room.Free()
}

// Pin has the hypervisor validate a table of a level, 1 to 4, and all below it, and keep it valid. EINVAL: it is no such table.
func (d *Domain) Pin(level int, m hypercall.XenPFN) error {
	if level < 1 || level > 4 {
		return failure("pin a page table", hypercall.EINVAL)
	}
	return d.extended("pin a page table", hypercall.MMUEXT_PIN_L1_TABLE+uint32(level-1), m)
}

// Unpin takes Pin back.
func (d *Domain) Unpin(m hypercall.XenPFN) error {
	return d.extended("unpin a page table", hypercall.MMUEXT_UNPIN_TABLE, m)
}

func (d *Domain) extended(what string, cmd uint32, m hypercall.XenPFN) error {
	p := hyper.Heap(hypercall.MMUExtOp{Cmd: cmd, Arg1: uint64(m)})
	result := hypercalls.Call(hypercall.HYPERVISOR_mmuext_op, hypercalls.Address(p), 1, 0, uint64(d.ID), 0)
	runtime.KeepAlive(p)
	return failure(what, hypercall.Failed(result))
}
