package hypercall

// tuco_op is no call of Xen's: it has the number that the public ABI leaves to the architecture and that no Xen gives to a call
// on x86, so a guest that asks Xen for it gets ENOSYS. A guest that does not ask never sees anything of it.

// The commands of tuco_op.
const (
	TUCOOP_features        = 0 // TucoFeatures
	TUCOOP_exits           = 1 // TucoExits
	TUCOOP_ring_register   = 2 // TucoRingRegister
	TUCOOP_ring_unregister = 3 // no argument
	TUCOOP_ring_kick       = 4 // the argument is a vCPU's number
	TUCOOP_idle            = 5 // TucoIdle
)

// Bits of TucoFeatures.Features.
const (
	TUCOFEAT_update_ring = 0 // TUCOOP_ring_*
)

// TUCO_VERSION is the version of tuco_op that is described here. A later one has more commands and longer structures; what an
// earlier one has stays as it is.
const TUCO_VERSION = 2

// TucoFeatures is struct tuco_features: what this hypervisor has beside Xen's ABI.
type TucoFeatures struct {
	Version  uint32 // [tuco] TUCO_VERSION
	_        uint32
	Features uint64 // [tuco] a bit for each TUCOFEAT_*
}

// TucoExits is struct tuco_exits: how often the calling vCPU has left its container, this call's exit among them. Each exit is of
// one sort, and Total is their sum.
type TucoExits struct {
	Total        uint64 // [tuco]
	Hypercalls   uint64 // [tuco] hypercalls, and system calls of user mode
	Exceptions   uint64 // [tuco] exceptions, INT n and their like
	Instructions uint64 // [tuco] instructions that the hypervisor makes in the guest's place
	Interrupts   uint64 // [tuco] interrupts and NMIs, which are the host's
	Others       uint64 // [tuco]
}

// TucoIdle is struct tuco_idle: for how long CPUs have had nothing to run. It tells of other domains, so it is for privileged ones, and for
// all where the hypervisor's command line has the word counts.
type TucoIdle struct {
	Ticks uint64 // [tuco] of the time stamp counter, the sum of all CPUs; what one has while it waits comes with its end
}
