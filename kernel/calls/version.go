package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/pv"
)

// Identity is what guests are told about the hypervisor.
var Identity struct {
	CompileInfo  hypercall.XenCompileInfo
	ChangeSet    hypercall.XenChangesetInfo
	CommandLine  hypercall.XenCommandline
	Capabilities hypercall.XenCapabilitiesInfo
}

const (
	extraVersion = "-tuco"
	capabilities = "xen-3.0-x86_64 "
)

// InitIdentity fills in Identity. commandLine is the hypervisor's own.
func InitIdentity(version string, commandLine []byte) {
	i := &Identity
	copy(i.CompileInfo.Compiler[:], "go")
	copy(i.CompileInfo.CompileBy[:], "tuco")
	copy(i.CompileInfo.CompileDomain[:], version)
	copy(i.ChangeSet[:], version)
	copy(i.CommandLine[:len(i.CommandLine)-1], commandLine)
	copy(i.Capabilities[:], capabilities)
}

// denied is what those get who may not see a text.
const denied = "<denied>"

// xenVersion is xen_version.
//
// EFAULT. EINVAL: no such submap of features. ENODATA: build_id. EPERM: build_id,
// to others than domain 0. ENOSYS: no such command.
func xenVersion(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.XenVersion()
	i := &Identity
	switch c.Cmd {
	case hypercall.XENVER_version:
		return pv.Version
	case hypercall.XENVER_extraversion:
		var e hypercall.XenExtraversion
		copy(e[:], extraVersion)
		return given(put(v, c.Arg, &e))
	case hypercall.XENVER_compile_info:
		return given(put(v, c.Arg, &i.CompileInfo))
	case hypercall.XENVER_capabilities:
		return given(put(v, c.Arg, &i.Capabilities))
	case hypercall.XENVER_changeset:
		return given(put(v, c.Arg, &i.ChangeSet))
	case hypercall.XENVER_platform_parameters:
		p := hypercall.XenPlatformParameters{VirtStart: hypercall.HYPERVISOR_VIRT_START}
		return given(put(v, c.Arg, &p))
	case hypercall.XENVER_get_features:
		return getFeatures(v, c.Arg)
	case hypercall.XENVER_pagesize:
		return frame.PageSize
	case hypercall.XENVER_guest_handle:
		return given(put(v, c.Arg, &v.Domain.Handle))
	case hypercall.XENVER_commandline:
		if !v.Domain.Privileged {
			var text hypercall.XenCommandline
			copy(text[:], denied)
			return given(put(v, c.Arg, &text))
		}
		return given(put(v, c.Arg, &i.CommandLine))
	case hypercall.XENVER_build_id:
		if !v.Domain.Privileged {
			return fail(hypercall.EPERM)
		}
		return fail(hypercall.ENODATA)
	}
	return fail(hypercall.ENOSYS)
}

func getFeatures(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var f hypercall.XenFeatureInfo
	if !get(v, &f, arg) {
		return fail(hypercall.EFAULT)
	}
	if f.SubmapIdx >= hypercall.XENFEAT_NR_SUBMAPS {
		return fail(hypercall.EINVAL)
	}
	f.Submap = pv.Features(v.Domain.Privileged)
	return given(put(v, arg, &f))
}

// given is the result of a call whose work is to write something to the guest.
func given(ok bool) int64 {
	if !ok {
		return fail(hypercall.EFAULT)
	}
	return 0
}
