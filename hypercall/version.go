package hypercall

// The commands of xen_version. Public header version.h.
const (
	XENVER_version             = 0 // major in bits 31:16, minor in 15:0
	XENVER_extraversion        = 1 // XenExtraversion
	XENVER_compile_info        = 2 // XenCompileInfo
	XENVER_capabilities        = 3 // XenCapabilitiesInfo
	XENVER_changeset           = 4 // XenChangesetInfo
	XENVER_platform_parameters = 5 // XenPlatformParameters
	XENVER_get_features        = 6 // XenFeatureInfo
	XENVER_pagesize            = 7 // the result
	XENVER_guest_handle        = 8 // XenDomainHandle
	XENVER_commandline         = 9 // XenCommandline
	XENVER_build_id            = 10
)

// XenExtraversion is xen_extraversion_t. Like all texts here it ends at a zero
// byte.
type XenExtraversion [16]byte

// XenCompileInfo is struct xen_compile_info.
type XenCompileInfo struct {
	Compiler      [64]byte
	CompileBy     [16]byte
	CompileDomain [32]byte
	CompileDate   [32]byte
}

// XenCapabilitiesInfo is xen_capabilities_info_t: the kinds of guest that can
// run, between blanks.
type XenCapabilitiesInfo [1024]byte

// XenChangesetInfo is xen_changeset_info_t.
type XenChangesetInfo [64]byte

// XenPlatformParameters is struct xen_platform_parameters.
type XenPlatformParameters struct {
	VirtStart uint64 // where the hypervisor's part of the address space begins
}

// XenFeatureInfo is struct xen_feature_info.
type XenFeatureInfo struct {
	SubmapIdx uint32 // below XENFEAT_NR_SUBMAPS
	Submap    uint32 // [tuco] a bit for each XENFEAT_*
}

// XenDomainHandle is xen_domain_handle_t: the domain's UUID.
type XenDomainHandle [16]byte

// XenCommandline is xen_commandline_t: the hypervisor's command line.
type XenCommandline [1024]byte
