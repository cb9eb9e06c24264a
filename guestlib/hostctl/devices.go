package hostctl

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe"

	"tuco/guestlib/grant"
	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// AllocPort opens a port of the domain's that waits for this domain to bind to it.
func (d *Domain) AllocPort() (hypercall.Port, error) {
	arg, err := hyper.Event("open a port of another domain", hypercall.EVTCHNOP_alloc_unbound,
		hypercall.EvtchnAllocUnbound{Dom: d.ID, RemoteDom: hypercall.DOMID_SELF})
	return arg.Port, err
}

// Grant writes an entry of the domain's grant table before the domain runs: a frame of it is granted to another, to be written to. The
// entries with reserved numbers are meant, GNTTAB_RESERVED_*, by which a store or a console finds its page without being told.
func (d *Domain) Grant(ref hypercall.GrantRef, frame hypercall.XenPFN, to hypercall.DomID) error {
	table, err := d.grantTable()
	if err != nil {
		return err
	}
	m, err := d.Map([]hypercall.XenPFN{table})
	if err != nil {
		return err
	}
	entries := unsafe.Slice((*hypercall.GrantEntryV1)(unsafe.Pointer(&m.Page(0)[0])), len(m.Page(0))/int(unsafe.Sizeof(hypercall.GrantEntryV1{})))
	if int(ref) >= len(entries) {
		m.Unmap()
		return failure("grant a page of another domain", hypercall.EINVAL)
	}
	entries[ref] = hypercall.GrantEntryV1{Flags: hypercall.GTF_permit_access, DomID: to, Frame: uint32(frame)}
	return m.Unmap()
}

// grantTable sets the domain's table up, and is its first frame.
func (d *Domain) grantTable() (hypercall.XenPFN, error) {
	const what = "set up another domain's grant table"
	to := hyper.Heap(hypercall.XenPFN(0))
	arg, _, err := hyper.Op(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_setup_table, hypercall.GnttabSetupTable{
		Dom: d.ID, NrFrames: 1, FrameList: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(to)),
	})
	runtime.KeepAlive(to)
	if err == nil {
		err = grant.Status(what, arg.Status)
	}
	return *to, err
}

// GivePorts gives the domain I/O ports, from first to last. EBUSY: some are the hypervisor's, or another domain has some of them. EEXIST: this one has some
// already. EINVAL: the domain is privileged, or there are no such ports. ENOSPC: domains have too many ranges.
func (d *Domain) GivePorts(first, last uint16) error {
	return d.ports("give a domain ports", first, last, hypercall.CONTROLPORTS_give)
}

// TakePorts takes ports back that were given so. ENOENT: they were not.
func (d *Domain) TakePorts(first, last uint16) error {
	return d.ports("take ports from a domain", first, last, 0)
}

func (d *Domain) ports(what string, first, last uint16, flags uint32) error {
	_, err := op(what, hypercall.CONTROLOP_ports, hypercall.ControlPorts{Target: d.target(), First: first, Last: last, Flags: flags})
	return err
}

// GiveIOMemory gives the domain machine frames that are not RAM, so many from first on, for it to map. EBUSY: some are RAM or the hypervisor's, or another domain has
// some of them. EEXIST: this one has some already. EINVAL: the domain is privileged, or there are no such frames. ENOSPC: it, or all domains, have too many ranges.
func (d *Domain) GiveIOMemory(first, count uint64) error {
	return d.ioMemory("give a domain a device's memory", first, count, hypercall.CONTROLIOMEMORY_give)
}

// TakeIOMemory takes frames back that were given so. ENOENT: they were not. EBUSY: the domain maps some of them; it loses them when it ends.
func (d *Domain) TakeIOMemory(first, count uint64) error {
	return d.ioMemory("take a device's memory from a domain", first, count, 0)
}

func (d *Domain) ioMemory(what string, first, count uint64, flags uint32) error {
	_, err := op(what, hypercall.CONTROLOP_io_memory, hypercall.ControlIOMemory{Target: d.target(), First: first, Count: count, Flags: flags})
	return err
}

// NewMessage has the hypervisor compose a message by which a device of domain 0's interrupts: see package hardware, which uses it. ENOSPC: no vector,
// or no number, is free.
func NewMessage() (hypercall.ControlMessage, error) {
	m, err := op("compose an interrupt's message", hypercall.CONTROLOP_message, hypercall.ControlMessage{})
	if errors.Is(err, syscall.ENOSYS) {
		err = ErrNoInterface
	}
	return m, err
}
