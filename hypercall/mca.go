package hypercall

// XEN_MCA_INTERFACE_VERSION is what XenMC.InterfaceVersion has to be. Public header
// arch-x86/xen-mca.h.
const XEN_MCA_INTERFACE_VERSION = 0x01ecc003

// The commands of mca.
const (
	XEN_MC_fetch        = 1 // XenMCFetch: what is known of a machine check
	XEN_MC_notifydomain = 2 // tell another domain
	XEN_MC_physcpuinfo  = 3 // XenMCPhyscpuinfo: the CPUs
	XEN_MC_msrinject    = 4 // pretend a machine check
	XEN_MC_mceinject    = 5
)

// XenMC is struct xen_mc: the argument of mca. U is the structure that belongs to
// Cmd.
type XenMC struct {
	Cmd              uint32 // XEN_MC_*
	InterfaceVersion uint32
	U                [144]byte
}

// XenMCFetch is struct xen_mc_fetch.
type XenMCFetch struct {
	Flags   uint32 // [guest] XEN_MC_NONURGENT or XEN_MC_URGENT, XEN_MC_ACK; [tuco] XEN_MC_OK, XEN_MC_NODATA
	_       uint32
	FetchID uint64 // [tuco], and with XEN_MC_ACK [guest]
	Data    Handle[byte]
}

// The bits of XenMCFetch.Flags.
const (
	XEN_MC_NONURGENT = 1 << 0 // what went well all the same
	XEN_MC_URGENT    = 1 << 1
	XEN_MC_ACK       = 1 << 2 // FetchID is done with

	XEN_MC_OK     = 0
	XEN_MC_NODATA = 1 << 1 // there is nothing
)

// XenMCPhyscpuinfo is struct xen_mc_physcpuinfo: a list of CPUs.
type XenMCPhyscpuinfo struct {
	Ncpus uint32 // [guest] how many there is room for, [tuco] how many there are
	_     uint32
	Info  Handle[McinfoLogicalCPU] // 0: only the number is asked for
}

// McinfoLogicalCPU is struct mcinfo_logical_cpu: a CPU as reports of machine checks
// name it. All of it is written by [tuco].
type McinfoLogicalCPU struct {
	McCpunr          uint32
	McChipid         uint32
	McCoreid         uint16
	McThreadid       uint16
	McApicid         uint32
	McClusterid      uint32
	McNcores         uint32
	McNcoresActive   uint32
	McNthreads       uint32
	McCPUIDLevel     int32
	McFamily         uint32
	McVendor         uint32
	McModel          uint32
	McStep           uint32
	McVendorid       [16]byte
	McBrandid        [64]byte
	McCPUCaps        [7]uint32
	McCacheSize      uint32
	McCacheAlignment uint32
	McNmsrvals       int32
	_                uint32
	McMsrvalues      [8][2]uint64
}
