package domain

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/sched"
	"tuco/kernel/sharedinfo"
	"tuco/kernel/timer"
	"tuco/kernel/vtime"
)

// ID numbers a domain.
type ID uint16

// MaxVCPUs is how many vCPUs a domain can have.
const MaxVCPUs = evtchn.MaxVCPUs

// Domain is one virtual machine.
type Domain struct {
	ID   ID
	Kind *Kind

	name       [maxName]byte
	nameLength int

	// Serial is the number of domains that were made up to this one: no two have
	// the same.
	Serial atomic.Uint64
	// Handle is what the control domain calls it.
	Handle hypercall.XenDomainHandle

	// Privileged domains may act on others and on the machine.
	Privileged bool
	// Kept: when it has shut down it stays until the control domain, which has made
	// it, ends it.
	Kept bool

	Memory mm.Domain
	// Pages is how many frames the domain owns, and MaxPages how many it may. Shares
	// counts those of both that are the hypervisor's, and shared with the domain.
	Pages    atomic.Int64
	MaxPages atomic.Int64
	Shares   atomic.Int64

	Events evtchn.Domain
	Shared *sharedinfo.Page
	// SharedFrame is where Shared lies. The guest may map it.
	SharedFrame frame.MFN
	Wall        vtime.WallClock // [Lock]

	Watchdogs vtime.Watchdogs
	Alarms    [vtime.MaxWatchdogs]timer.Timer // those behind Watchdogs

	Grants   grant.Table
	Mappings grant.Mappings // of others' grants

	Group sched.Group

	vcpus [MaxVCPUs]*VCPU
	count int // constant once the domain runs

	// Assists has a bit for each VMASST_TYPE_* that the guest has turned on.
	Assists atomic.Uint64

	// Lock guards what is below: the domain's start and end.
	Lock lock.Spin
	// Shutdown is set when the domain has shut down, with the reason; it never
	// runs again.
	Shutdown atomic.Bool
	Reason   uint32 // SHUTDOWN_*; [Lock]
	// Code is what SCHEDOP_shutdown_code has said a later shutdown's reason is
	// to be, or NoCode. [Lock]
	Code uint32

	// Paused: the control domain has paused it. [Lock]
	Paused bool

	// Line is what the domain has written to the hypervisor's console and not
	// ended by a newline. [Lock]
	Line       [128]byte
	LineLength int
	Said       Said

	// Map is the MapEntries entries that XENMEM_memory_map gives: those that
	// were set, or at first RAM for all of the domain's memory. [Lock]
	Map        [MaxMap]hypercall.E820Entry
	MapEntries int
}

const maxName = 64

// MaxMap is how many entries a domain's memory map can have.
const MaxMap = 64

// NoCode is Domain.Code where the guest has set none.
const NoCode = ^uint32(0)

// SetName names the domain for the log; a name that is too long is cut.
func (d *Domain) SetName(name []byte) { d.nameLength = copy(d.name[:], name) }

// Name is how the log calls the domain.
func (d *Domain) Name() []byte { return d.name[:d.nameLength] }

// AddVCPU makes v the domain's next vCPU. While the domain is built.
func (d *Domain) AddVCPU(v *VCPU) {
	d.vcpus[d.count] = v
	d.count++
}

// VCPUs are the domain's vCPUs, in the order of their numbers.
func (d *Domain) VCPUs() []*VCPU { return d.vcpus[:d.count] }

// VCPU finds a vCPU; nil if there is none of this number.
func (d *Domain) VCPU(n uint32) *VCPU {
	if n >= uint32(d.count) {
		return nil
	}
	return d.vcpus[n]
}

// DomID is the domain's number as guests write it.
func (d *Domain) DomID() hypercall.DomID { return hypercall.DomID(d.ID) }

// Assisted tells whether the guest has turned an assist (VMASST_TYPE_*) on.
func (d *Domain) Assisted(kind uint) bool { return d.Assists.Load()>>kind&1 != 0 }
