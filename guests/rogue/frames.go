package main

import (
	"errors"
	"fmt"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// The bits of a page-table entry.
const (
	present, writable, user, noExecute = 1 << 0, 1 << 1, 1 << 2, 1 << 63
	frameShift                         = 12
)

// newRoom is a page of addresses where something can be mapped.
func newRoom() (*page.Room, error) {
	room, err := page.Reserve(1)
	if err == nil {
		err = room.Prepare(0)
	}
	return room, err
}

// ownFrame is a frame of this domain's.
func ownFrame(*page.Room) hypercall.XenPFN { return hypercall.XenPFN(mm.FrameOfPage(mm.Pages() - 1)) }

// spyFrames tries to map every frame of the machine, to be read and to be written, and to have it as a page table. That may be for none but
// this domain's own.
func spyFrames() error {
	own, err := ownFrames()
	if err != nil {
		return err
	}
	room, err := newRoom()
	if err != nil {
		return err
	}
	_, end, err := hyper.Op("find the end of memory", hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_maximum_ram_page, [1]uint64{})
	if err != nil {
		return err
	}
	const mine, foreign = 0, 1
	var taken, tried [2]int
	for _, rights := range []uint64{present | user | noExecute, present | writable | user | noExecute} {
		for from := uint64(0); from <= end; from += atOnce {
			n := min(atOnce, end+1-from)
			results, err := tryFrames(room.Address(0), from, n, rights)
			if err != nil {
				return err
			}
			for i := range n {
				whose := foreign
				if own[from+i] {
					whose = mine
				}
				tried[whose]++
				if hypercall.Failed(results[i].Result) == 0 {
					taken[whose]++
				}
				if taken[foreign] != 0 {
					return fmt.Errorf("frame %#x, which is not this domain's, could be mapped with bits %#x", from+i, rights)
				}
			}
		}
	}
	if err := room.Unmap(0); err != nil {
		return err
	}
	if taken[mine] == 0 || tried[foreign] == 0 {
		return errors.New("no frame could be mapped, which says nothing of others'")
	}
	refused("frames", fmt.Sprintf("%d of %d tries with this domain's own were let through, and none of %d with others", taken[mine], tried[mine], tried[foreign]))
	return pinFrames(own, end)
}

// ownFrames are this domain's: its pages, and those that the hypervisor shares with it.
func ownFrames() (map[uint64]bool, error) {
	own := map[uint64]bool{}
	for p := range mm.Pages() {
		own[mm.FrameOfPage(p)] = true
	}
	info, err := hyper.StartInfo()
	if err != nil {
		return nil, err
	}
	own[info.SharedInfo>>frameShift] = true
	size, _, err := hyper.Op("ask for the grants' size", hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_query_size, hypercall.GnttabQuerySize{Dom: hypercall.DOMID_SELF})
	if err != nil {
		return nil, err
	}
	list := hyper.Heap([64]hypercall.XenPFN{})
	_, _, err = hyper.Op("list the grants' frames", hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_setup_table, hypercall.GnttabSetupTable{
		Dom: hypercall.DOMID_SELF, NrFrames: size.NrFrames, FrameList: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(list)),
	})
	for _, m := range list[:size.NrFrames] {
		own[uint64(m)] = true
	}
	return own, err
}

// atOnce is how many tries a multicall makes.
const atOnce = 512

// tryFrames tries to map frames, each in the place of the one before.
func tryFrames(va, from, n, rights uint64) (*[atOnce]hypercall.MulticallEntry, error) {
	list := hyper.Heap([atOnce]hypercall.MulticallEntry{})
	for i := range n {
		list[i].Op = hypercall.HYPERVISOR_update_va_mapping
		list[i].Args = hypercall.ArgList{va, (from+i)<<frameShift | rights}
	}
	return list, failed(hypercalls.Call(hypercall.HYPERVISOR_multicall, hypercalls.Address(list), n, 0, 0, 0))
}

// pinFrames tries to have others' frames as page tables.
func pinFrames(own map[uint64]bool, end uint64) error {
	const stride = 64 // not all: each is a call
	tried := 0
	for _, cmd := range []uint32{hypercall.MMUEXT_PIN_L1_TABLE, hypercall.MMUEXT_PIN_L4_TABLE, hypercall.MMUEXT_NEW_USER_BASEPTR, hypercall.MMUEXT_CLEAR_PAGE} {
		for m := uint64(stride); m <= end; m += stride {
			if own[m] {
				continue
			}
			tried++
			op := hyper.Heap([1]hypercall.MMUExtOp{{Cmd: cmd, Arg1: m}})
			if hypercalls.MMUExt(op[:]) == 0 {
				return fmt.Errorf("command %d was let through for frame %#x, which is not this domain's", cmd, m)
			}
		}
	}
	refused("others' frames as tables", fmt.Sprintf("%d tries were refused", tried))
	return nil
}

// mapFrom tries to map a frame that is another domain's, said so.
func mapFrom(owner hypercall.DomID, m uint64) error {
	room, err := newRoom()
	if err != nil {
		return nil
	}
	result := hypercalls.Call(hypercall.HYPERVISOR_update_va_mapping_otherdomain, room.Address(0), m<<frameShift|present|user|noExecute, 0, uint64(owner), 0)
	_ = room.Unmap(0)
	_ = room.Free()
	return failed(result)
}

// changeTable tries to change an entry of another's page tables.
func changeTable(owner hypercall.DomID, m uint64) error {
	list := hyper.Heap([1]hypercall.MMUUpdate{{Ptr: m << frameShift}})
	foreign := (uint64(owner)+1)<<16 | uint64(hypercall.DOMID_SELF)
	return failed(hypercalls.Call(hypercall.HYPERVISOR_mmu_update, hypercalls.Address(list), 1, 0, foreign, 0))
}
