package hypercall

// VCPUTimeInfo is struct vcpu_time_info: how a vCPU gets the system time from
// its TSC, also known as pvclock, 32 bytes. Public header xen.h. All of it is
// written by [tuco].
//
// A writer makes Version odd, writes the rest, and makes Version even; a
// reader starts again if Version was odd or has changed. The system time in
// nanoseconds is
//
//	SystemTime + (TSC - TSCTimestamp) << TSCShift * TSCToSystemMul >> 32
//
// where a negative TSCShift shifts right and the product has 96 bits.
type VCPUTimeInfo struct {
	Version        uint32
	Pad0           uint32
	TSCTimestamp   uint64 // TSC when SystemTime was taken
	SystemTime     uint64 // nanoseconds since the host started
	TSCToSystemMul uint32 // nanoseconds for a shifted tick, in 1/2^32
	TSCShift       int8
	Flags          uint8 // XEN_PVCLOCK_*
	Pad1           [2]byte
}

// The bits of VCPUTimeInfo.Flags.
const (
	XEN_PVCLOCK_TSC_STABLE_BIT = 1 << 0 // the TSCs of all vCPUs agree: the time never goes back between them
	XEN_PVCLOCK_GUEST_STOPPED  = 1 << 1 // the guest was paused: its watchdogs are not to bark
)
