package grant

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/page"
	"tuco/guestlib/power"
	"tuco/hypercall"
)

// Open is the domain's own grant table, which is set up when it is called first.
var Open = sync.OnceValues(func() (*Table, error) {
	m, err := newMemory()
	if err != nil {
		return nil, fmt.Errorf("the domain's grant table: %w", err)
	}
	t, err := NewTable(m.grow)
	if err != nil {
		return nil, fmt.Errorf("the domain's grant table: %w", err)
	}
	power.AtSuspend(&device{t, m})
	return t, nil
})

// device is the table when the domain is saved. Nobody grants anything meanwhile.
type device struct {
	table  *Table
	memory *memory
}

// Suspend unmaps the table, whose frames are the hypervisor's.
func (d *device) Suspend() error {
	d.table.lock.Lock()
	if err := d.memory.unmap(); err != nil {
		return errors.Join(err, d.Resume(true))
	}
	return nil
}

// Resume maps it again. In a restored domain it is another, with no grants in it.
func (d *device) Resume(cancelled bool) error {
	defer d.table.lock.Unlock()
	if cancelled {
		_, err := d.memory.grow(len(d.table.entries) / perFrame)
		return err
	}
	return d.table.forget()
}

// memory is where the table's frames are mapped: there is room for as many as there can be.
type memory struct {
	room   *page.Room
	most   int
	mapped int
}

// mostFrames is how large we let the table become: 16,384 grants.
const mostFrames = 32

func newMemory() (*memory, error) {
	size, _, err := hyper.Op("ask for the grant table's size", hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_query_size,
		hypercall.GnttabQuerySize{Dom: hypercall.DOMID_SELF})
	if err != nil {
		return nil, err
	}
	if size.Status != hypercall.GNTST_okay {
		return nil, Status("ask for the grant table's size", size.Status)
	}
	m := &memory{most: int(min(size.MaxNrFrames, mostFrames))}
	m.room, err = page.Reserve(m.most)
	return m, err
}

// grow makes the table some frames large, and maps what is not yet.
func (m *memory) grow(frames int) ([]hypercall.GrantEntryV1, error) {
	if frames > m.most {
		return nil, ErrFull
	}
	list, err := setup(frames)
	if err != nil {
		return nil, err
	}
	for ; m.mapped < frames; m.mapped++ {
		if err := m.room.Map(m.mapped, list[m.mapped]); err != nil {
			return nil, err
		}
	}
	return unsafe.Slice(hypercalls.At[hypercall.GrantEntryV1](m.room.Address(0)), frames*perFrame), nil
}

// unmap takes the table's frames out of the page tables.
func (m *memory) unmap() error {
	for ; m.mapped > 0; m.mapped-- {
		if err := m.room.Unmap(m.mapped - 1); err != nil {
			return err
		}
	}
	return nil
}

// setup asks for a table of some frames, and which they are.
func setup(frames int) (list [mostFrames]hypercall.XenPFN, err error) {
	const what = "set up the grant table"
	to := hyper.Heap(list)
	arg, _, err := hyper.Op(what, hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_setup_table, hypercall.GnttabSetupTable{
		Dom: hypercall.DOMID_SELF, NrFrames: uint32(frames), FrameList: hypercall.Handle[hypercall.XenPFN](hypercalls.Address(to)),
	})
	runtime.KeepAlive(to)
	if err == nil && arg.Status != hypercall.GNTST_okay {
		err = Status(what, arg.Status)
	}
	return *to, err
}

// statuses names the ways a grant operation fares.
var statuses = map[hypercall.GrantStatus]syscall.Errno{
	hypercall.GNTST_bad_domain: syscall.ESRCH, hypercall.GNTST_bad_gntref: syscall.EINVAL, hypercall.GNTST_bad_handle: syscall.EINVAL,
	hypercall.GNTST_bad_virt_addr: syscall.EFAULT, hypercall.GNTST_bad_dev_addr: syscall.EFAULT, hypercall.GNTST_no_device_space: syscall.ENOSPC,
	hypercall.GNTST_permission_denied: syscall.EPERM, hypercall.GNTST_bad_page: syscall.EFAULT, hypercall.GNTST_bad_copy_arg: syscall.EINVAL,
	hypercall.GNTST_address_too_big: syscall.E2BIG, hypercall.GNTST_eagain: syscall.EAGAIN, hypercall.GNTST_no_space: syscall.ENOSPC,
}

// Status is the error that a status stands for, nil for success: a syscall.Errno within, EIO where there is none that fits.
func Status(what string, s hypercall.GrantStatus) error {
	if s == hypercall.GNTST_okay {
		return nil
	}
	errno, ok := statuses[s]
	if !ok {
		errno = syscall.EIO
	}
	return fmt.Errorf("status %d: %w", s, os.NewSyscallError(what, errno))
}
