package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// others is up to where domains are looked for, beside the special ones.
const others = 8

// spy reaches for what is others'.
func spy(store *xenbus.Store) error {
	text, err := store.Read("domid")
	if err != nil {
		return err
	}
	var self hypercall.DomID
	if _, err := fmt.Sscan(text, &self); err != nil {
		return err
	}
	for _, step := range []func() error{
		spyFrames,
		func() error { return spyDomains(self) },
		func() error { return spyGrants(self) },
		func() error { return spyPorts(self) },
		func() error { return spyNodes(store, self) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// each is the domains that are not this one.
func each(self hypercall.DomID) (all []hypercall.DomID) {
	for id := range hypercall.DomID(others) {
		if id != self {
			all = append(all, id)
		}
	}
	return append(all, hypercall.DOMID_IO, hypercall.DOMID_XEN, hypercall.DOMID_COW, hypercall.DOMID_IDLE)
}

// A call is a hypercall with a command and a structure.
func call[T any](number hypercall.Number, cmd uint64, arg T) error {
	_, _, err := hyper.Op("reach for what is another's", number, cmd, arg)
	return err
}

// spyDomains does what only a privileged domain may to others.
func spyDomains(self hypercall.DomID) error {
	tried := 0
	for _, id := range each(self) {
		list := hyper.Heap([1]hypercall.XenPFN{0x1000})
		reservation := hypercall.XenMemoryReservation{ExtentStart: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(list)), NrExtents: 1, DomID: id}
		target := hypercall.ControlTarget{DomID: id}
		for what, err := range map[string]error{
			"the size of its memory":       call(hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_current_reservation, hypercall.XenMemoryDomain{DomID: id}),
			"a port in it":                 call(hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_alloc_unbound, hypercall.EvtchnAllocUnbound{Dom: id, RemoteDom: self}),
			"the state of a port of it":    call(hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_status, hypercall.EvtchnStatus{Dom: id, Port: 1}),
			"that its ports are closed":    call(hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_reset, hypercall.EvtchnReset{Dom: id}),
			"the version of its grants":    call(hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_get_version, hypercall.GnttabGetVersion{Dom: id}),
			"its end":                      control(hypercall.CONTROLOP_destroy, target),
			"that it waits":                control(hypercall.CONTROLOP_pause, target),
			"a list of all domains":        control(hypercall.CONTROLOP_list, hypercall.ControlList{Count: 1}),
			"a frame of it in page tables": mapFrom(id, 0x1000),
			"an entry of its page tables":  changeTable(id, 0x1000),
		} {
			if tried++; err == nil {
				return fmt.Errorf("domain %d gave %s", id, what)
			}
		}
		for _, cmd := range []uint64{hypercall.XENMEM_decrease_reservation, hypercall.XENMEM_populate_physmap, hypercall.XENMEM_increase_reservation} {
			_, done, err := hyper.Op("change another's memory", hypercall.HYPERVISOR_memory_op, cmd, reservation)
			if tried++; err == nil && done != 0 {
				return fmt.Errorf("domain %d's memory was changed by command %d", id, cmd)
			}
		}
	}
	refused("other domains", fmt.Sprintf("%d calls were refused", tried))
	return nil
}

func control[T any](cmd uint64, arg T) error {
	p := hyper.Heap(arg)
	result := hypercalls.Call(hypercall.HYPERVISOR_control_op, hypercall.CONTROL_VERSION, cmd, hypercalls.Address(p), 0, 0)
	return failed(result)
}

func failed(result uint64) error {
	if err := hypercall.Failed(result); err != 0 {
		return os.NewSyscallError("reach for what is another's", syscall.Errno(err))
	}
	return nil
}

// spyGrants maps and copies what others grant, which is for somebody else.
func spyGrants(self hypercall.DomID) error {
	const refs, atOnce = 1024, 64
	room, err := newRoom()
	if err != nil {
		return err
	}
	tried := 0
	for _, id := range each(self) {
		for from := 0; from < refs; from += atOnce {
			maps, copies := make([]hypercall.GnttabMapGrantRef, atOnce), make([]hypercall.GnttabCopy, atOnce)
			for i := range maps {
				ref := hypercall.GrantRef(from + i)
				maps[i] = hypercall.GnttabMapGrantRef{HostAddr: room.Address(0), Flags: hypercall.GNTMAP_host_map | hypercall.GNTMAP_readonly, Ref: ref, Dom: id}
				copies[i] = hypercall.GnttabCopy{
					Source: hypercall.GnttabCopyPtr{U: uint64(ref), DomID: id}, Len: 8, Flags: hypercall.GNTCOPY_source_gref,
					Dest: hypercall.GnttabCopyPtr{U: uint64(ownFrame(room)), DomID: hypercall.DOMID_SELF},
				}
			}
			if err := hyper.OpAll("map others' grants", hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_map_grant_ref, maps); err != nil {
				return err
			}
			if err := hyper.OpAll("copy others' grants", hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_copy, copies); err != nil {
				return err
			}
			for i := range maps {
				tried += 2
				if maps[i].Status >= 0 || copies[i].Status >= 0 {
					return fmt.Errorf("grant %d of domain %d could be used: %d, %d", from+i, id, maps[i].Status, copies[i].Status)
				}
			}
		}
	}
	refused("others' grants", fmt.Sprintf("%d uses were refused", tried))
	return nil
}

// spyPorts connects to others' ports.
func spyPorts(self hypercall.DomID) error {
	const ports = 256
	tried := 0
	for _, id := range each(self) {
		for port := range hypercall.Port(ports) {
			tried++
			bind := hypercall.EvtchnBindInterdomain{RemoteDom: id, RemotePort: port}
			if call(hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_bind_interdomain, bind) == nil {
				return fmt.Errorf("port %d of domain %d could be connected", port, id)
			}
		}
	}
	refused("others' ports", fmt.Sprintf("%d connections were refused", tried))
	return nil
}

// spyNodes reads and writes what others have in the store, which exists for some of them.
func spyNodes(store *xenbus.Store, self hypercall.DomID) error {
	denied := 0
	for id := range hypercall.DomID(others) {
		if id == self {
			continue
		}
		home, back := fmt.Sprintf("/local/domain/%d", id), fmt.Sprintf("/local/domain/0/backend/vbd/%d/51712", id)
		for what, err := range map[string]error{
			"read its name":           second(store.Read(home + "/name")),
			"list its devices":        second(store.List(home + "/device/vbd")),
			"list its data":           second(store.List(home + "/data")),
			"read a ring's reference": second(store.Read(home + "/device/vbd/51712/ring-ref")),
			"end it":                  store.Write(home+"/control/shutdown", "poweroff"),
			"close its disk":          store.Write(back+"/state", "6"),
			"read its disk's name":    second(store.Read(back + "/params")),
			"take its directory away": store.Remove(home),
			"own it":                  store.SetPerms(home, xenbus.Perm{Domain: self}),
		} {
			switch {
			case err == nil:
				return fmt.Errorf("domain %d in the store: one can %s", id, what)
			case errors.Is(err, fs.ErrPermission):
				denied++
			case !errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("domain %d in the store: %s: %w", id, what, err)
			}
		}
	}
	if denied == 0 {
		return errors.New("no other domain has a node in the store")
	}
	refused("others' nodes", fmt.Sprintf("%d times the permission was denied", denied))
	return nil
}

func second[T any](_ T, err error) error { return err }
