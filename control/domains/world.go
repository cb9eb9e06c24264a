package domains

import (
	"io"

	"tuco/control/build"
	"tuco/control/config"
	"tuco/hypercall"
)

// ID names a domain for as long as the host runs: numbers are given out again, serials are not.
type ID struct {
	Dom    hypercall.DomID
	Serial uint64
}

// Handle tells domains apart for ever.
type Handle = hypercall.XenDomainHandle

// Limits are what a domain is made with.
type Limits struct {
	Name   string
	Handle Handle
	Pages  uint64
	VCPUs  int
	Weight int
	Cap    int // percent of a CPU; 0: none
}

// Status is what the hypervisor says of a domain.
type Status struct {
	ID
	Handle Handle
	Paused bool // by us, or it was never let go
	Ended  bool
	Reason uint32 // of its end: SHUTDOWN_*
}

// Hypervisor makes and ends domains. Its calls about a domain that is gone succeed if they only wanted that.
type Hypervisor interface {
	// Features is what a kernel may require, a bit for each XENFEAT_*.
	Features() uint64
	// Create makes a domain that does not run, with vCPUs and no memory, and gives the way to fill it.
	Create(l *Limits) (ID, build.Domain, error)
	// GivePorts and GiveMemory let a domain use a part of the machine, until it is gone. They fail with syscall.EBUSY where it is the hypervisor's, RAM, or still a
	// domain's that is not yet gone.
	GivePorts(id ID, p config.Ports) error
	GiveMemory(id ID, f config.Frames) error
	// SetSchedule sets a domain's weight and cap, as Limits has them.
	SetSchedule(id ID, weight, limit int) error
	Pause(id ID) error
	Unpause(id ID) error
	// Destroy ends a domain. It never runs again; its memory may come back later, when nobody has mapped it any more.
	Destroy(id ID) error
	// List is all domains but domain 0 and those that have been destroyed.
	List() ([]Status, error)
}

// Instance is a guest's domain as daemons see it.
type Instance struct {
	Config *config.Guest `json:"-"` // not to be changed
	ID     ID            `json:"id"`
	Handle Handle        `json:"handle"`
	Rings  build.Rings   `json:"rings"`
}

// Service gives guests what the hypervisor does not: the store, a console, disks, networks.
type Service interface {
	Name() string
	// Attach begins to serve a new domain, which does not run yet. When it fails it has left nothing.
	Attach(i *Instance) error
	// Detach ends that, whether the domain still runs or not. Of a domain that is not attached it is no error.
	Detach(i *Instance) error
}

// Signals asks guests to do something by themselves: a write to their control/shutdown in the store.
type Signals interface {
	Shutdown(i *Instance, how string) error
}

// Images finds kernels and ramdisks by the names in a guest.cfg.
type Images interface {
	// Open opens one, which stays until it is closed.
	Open(name string) (Image, error)
}

// Image is a kernel's or a ramdisk's file.
type Image interface {
	build.File
	io.Closer
}

// Store keeps one document over restarts of the toolstack and the host. Save replaces it as a whole or not at all.
type Store interface {
	Load() ([]byte, error) // nil if there is none yet
	Save(document []byte) error
}
