package hypercall

// control_op is the control interface: how the control domain makes other domains, looks at them and ends them. Xen's domctl and
// sysctl are private to Xen's own tools; this call is Tuco's, and has a number that no Xen gives to a call on x86.
//
// Its first argument is the version of the interface that the caller was written for. A command of another version is refused with
// EACCES, so that no structure is ever taken for what it is not; CONTROLOP_version answers whoever asks, of any version.
//
// A domain is named by a ControlTarget. Numbers of domains are given out again; serials are not.

// CONTROL_VERSION is the version of control_op that is described here. It changes with every change of a structure or of what a
// command does; a new command alone does not change it.
const CONTROL_VERSION = 1

// The commands of control_op.
const (
	CONTROLOP_version      = 0  // ControlVersion
	CONTROLOP_machine      = 1  // ControlMachine
	CONTROLOP_list         = 2  // ControlList
	CONTROLOP_vcpu         = 3  // ControlVCPU
	CONTROLOP_create       = 4  // ControlCreate
	CONTROLOP_destroy      = 5  // ControlTarget
	CONTROLOP_pause        = 6  // ControlTarget
	CONTROLOP_unpause      = 7  // ControlTarget
	CONTROLOP_max_memory   = 8  // ControlMaxMemory
	CONTROLOP_schedule     = 9  // ControlSchedule
	CONTROLOP_set_context  = 10 // ControlContext
	CONTROLOP_message      = 11 // ControlMessage
	CONTROLOP_trace        = 12 // ControlTrace
	CONTROLOP_trace_buffer = 13 // ControlTraceBuffer
	CONTROLOP_ports        = 14 // ControlPorts
	CONTROLOP_io_memory    = 15 // ControlIOMemory
)

// ControlVersion is struct control_version: what the hypervisor speaks.
type ControlVersion struct {
	Version    uint32 // [tuco] CONTROL_VERSION
	MaxDomains uint32 // [tuco] domains have numbers below
	MaxVCPUs   uint32 // [tuco] of a domain
	_          uint32
}

// ControlMachine is struct control_machine: figures of the whole machine. Pages are of 4 KiB.
type ControlMachine struct {
	CPUs    uint32 // [tuco] that run vCPUs
	Domains uint32 // [tuco] that there are, those too that are dying
	Total   uint64 // [tuco] pages of RAM
	Free    uint64 // [tuco] of them, nobody's
	Kept    uint64 // [tuco] of them, the hypervisor's for records of domains and of grants they map: taken when there are more than ever before, and kept
	Uptime  uint64 // [tuco] nanoseconds since the machine started
}

// ControlTarget is struct control_target: a domain that a command is about.
type ControlTarget struct {
	DomID  DomID
	_      [3]uint16
	Serial uint64 // as ControlDomain.Serial; 0: whichever domain has the number
}

// ControlCreate is struct control_create: a domain to make. It has no memory yet, its vCPUs have no state, and it is paused.
type ControlCreate struct {
	Target     ControlTarget   // [tuco] what it is called from now on
	Handle     XenDomainHandle // [guest] a UUID, which the domain itself can read
	Name       ControlName     // [guest]
	MaxPages   uint64          // [guest] that it may have
	VCPUs      uint32          // [guest] 1 to ControlVersion.MaxVCPUs
	Weight     uint32          // [guest] of each vCPU, 1 to 65535; CONTROL_DEFAULT_WEIGHT is usual
	Cap        uint32          // [guest] percent of a CPU, for all vCPUs together; 0: none
	_          uint32
	SharedInfo XenPFN // [tuco] machine frame of its shared_info
}

// ControlMaxMemory is struct control_max_memory: how much memory a domain may have. It keeps what it has beyond that.
type ControlMaxMemory struct {
	Target ControlTarget
	Pages  uint64
}

// ControlSchedule is struct control_schedule: a domain's share of the CPUs, as in ControlCreate.
type ControlSchedule struct {
	Target ControlTarget
	Weight uint32
	Cap    uint32
}

// ControlContext is struct control_context: the state in which a vCPU begins that never had one, judged as VCPUOP_initialise judges
// it. With VGCF_online it is up, and runs as soon as its domain is not paused.
type ControlContext struct {
	Target  ControlTarget
	VCPU    uint32
	_       uint32
	Context Handle[VCPUGuestContext]
}

// ControlMessage is struct control_message: a physical interrupt that a device of the domain's makes by writing Data to Address, as MSI
// and MSI-X have it. PHYSDEVOP_unmap_pirq gives it back.
type ControlMessage struct {
	Target  ControlTarget // [guest] the domain that is to be interrupted: the one that has the machine's interrupts
	Address uint64        // [tuco]
	Data    uint32        // [tuco]
	PIRQ    uint32        // [tuco] to be bound to a port by EVTCHNOP_bind_pirq
}

// ControlPorts is struct control_ports: I/O ports that a domain beside domain 0 is given, or that are taken back from it. It uses them when its
// I/O privilege level lets it: see PHYSDEVOP_set_iopl.
type ControlPorts struct {
	Target      ControlTarget
	First, Last uint16
	Flags       uint32 // CONTROLPORTS_give, or 0 to take back what was given
}

// CONTROLPORTS_give is the bit of ControlPorts.Flags by which the ports are given.
const CONTROLPORTS_give = 1 << 0

// ControlIOMemory is struct control_io_memory: machine frames that are not RAM, which a domain beside domain 0 is given to map, or that are taken
// back from it when it maps none of them any more.
type ControlIOMemory struct {
	Target ControlTarget
	First  uint64
	Count  uint64
	Flags  uint32 // CONTROLIOMEMORY_give, or 0 to take back what was given
	_      uint32
}

// CONTROLIOMEMORY_give is the bit of ControlIOMemory.Flags by which the frames are given.
const CONTROLIOMEMORY_give = 1 << 0

// ControlVCPU is struct control_vcpu: a vCPU's figures.
type ControlVCPU struct {
	Target ControlTarget    // [guest]
	VCPU   uint32           // [guest]
	Flags  uint32           // [tuco] CONTROLVCPU_*
	CPU    uint32           // [tuco] that it is on, or was last
	_      uint32           //
	Run    VCPURunstateInfo // [tuco]
	Exits  uint64           // [tuco] how often it has left its guest
}

// Bits of ControlVCPU.Flags.
const (
	CONTROLVCPU_initialised = 1 << 0 // it has been given its state
	CONTROLVCPU_up          = 1 << 1 // its guest, or whoever gave it its state, wants it to run
)

// ControlList is struct control_list: asks about all domains from a number on.
type ControlList struct {
	First   DomID                 // [guest]
	_       uint16                //
	Count   uint32                // [guest] how many fit; [tuco] how many there are, which may be less than exist: 0 is the end
	Domains Handle[ControlDomain] // [tuco] in the order of their numbers
}

// ControlDomain is struct control_domain: a domain with its figures, as of now. Of one that is dying, and that nobody
// finds any more, only DomID, Serial, Flags and Pages are given; these are all frames that it has.
type ControlDomain struct {
	DomID  DomID
	_      uint16
	Flags  uint32 // CONTROLDOM_*
	Serial uint64 // no other domain has had it since the machine started
	Handle XenDomainHandle
	Name   ControlName
	Reason uint32 // SHUTDOWN_*, with CONTROLDOM_shutdown
	VCPUs  uint32
	Online uint32    // vCPUs that are up
	States [4]uint32 // how many vCPUs are in each RUNSTATE_*
	Weight uint32    // of each vCPU, CONTROL_DEFAULT_WEIGHT is usual
	Cap    uint32    // percent of a CPU, for all vCPUs together; 0: none
	Ports  uint32    // event channels

	CPUTime    uint64 // nanoseconds that its vCPUs have run
	Pages      uint64 // that it has, but for those of Shared
	MaxPages   uint64 // that it may have
	Shared     uint64 // pages that are the hypervisor's and shared with it: shared_info, and its grant table
	SharedInfo XenPFN // machine frame of its shared_info
	Mapped     uint64 // grants of others that it has mapped
}

// Bits of ControlDomain.Flags.
const (
	CONTROLDOM_privileged = 1 << 0 // it may make these calls itself
	CONTROLDOM_kept       = 1 << 1 // the control domain has made it, and it stays after its shutdown until it is destroyed
	CONTROLDOM_paused     = 1 << 2 // by CONTROLOP_pause, or it was never let go
	CONTROLDOM_shutdown   = 1 << 3 // it runs no more: see Reason
	CONTROLDOM_dying      = 1 << 4 // it is being taken apart, and is gone when nobody has a frame of it any more
)

// ControlName is what the hypervisor calls a domain in its log: printable ASCII, zeros behind it.
type ControlName [64]byte

// CONTROL_DEFAULT_WEIGHT is the weight of a domain that nobody has given another.
const CONTROL_DEFAULT_WEIGHT = 256
