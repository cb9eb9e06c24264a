package calls

import (
	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

var buffers struct {
	extra        hypercall.XenExtraversion
	compile      hypercall.XenCompileInfo
	capabilities hypercall.XenCapabilitiesInfo
	changeset    hypercall.XenChangesetInfo
	platform     hypercall.XenPlatformParameters
	handle       hypercall.XenDomainHandle
	commandline  hypercall.XenCommandline
	build        [64]byte
}

func version(t *pv.T) {
	b := &buffers
	v := pv.XenVersion[byte](hypercall.XENVER_version, nil)
	t.Check(v>>16 == 4 && v&0xffff >= 17, "the version is %d.%d", v>>16, v&0xffff)
	t.OK("extraversion", pv.XenVersion(hypercall.XENVER_extraversion, &b.extra))
	t.Check(len(pv.Terminated(b.extra[:])) < len(b.extra), "the extra version has no end")
	t.OK("compile_info", pv.XenVersion(hypercall.XENVER_compile_info, &b.compile))
	t.Check(len(pv.Terminated(b.compile.Compiler[:])) > 0, "compile_info names no compiler")
	t.OK("capabilities", pv.XenVersion(hypercall.XENVER_capabilities, &b.capabilities))
	t.Check(text.HasPrefix(b.capabilities[:], "xen-3.0-x86_64 "), "the capabilities do not begin with xen-3.0-x86_64")
	t.OK("changeset", pv.XenVersion(hypercall.XENVER_changeset, &b.changeset))
	t.OK("platform_parameters", pv.XenVersion(hypercall.XENVER_platform_parameters, &b.platform))
	t.Equal("start of the hypervisor's space", b.platform.VirtStart, hypercall.HYPERVISOR_VIRT_START)
	t.Equal("pagesize", pv.XenVersion[byte](hypercall.XENVER_pagesize, nil), pv.PageSize)
	t.OK("guest_handle", pv.XenVersion(hypercall.XENVER_guest_handle, &b.handle))
	t.OK("commandline", pv.XenVersion(hypercall.XENVER_commandline, &b.commandline))
	t.Check(len(pv.Terminated(b.commandline[:])) < len(b.commandline), "the command line has no end")
	size := pv.XenVersion[byte](hypercall.XENVER_build_id, nil)
	switch {
	case !pv.Domain0():
		t.Errno("build_id", size, hypercall.EPERM)
		return
	case hypercall.Failed(size) == hypercall.ENODATA:
		return // there is none
	}
	t.Check(size > 0 && size < uint64(len(b.build)), "the build id has %x bytes", size)
}

func versionRefused(t *pv.T) {
	for cmd := range uint64(hypercall.XENVER_commandline + 1) {
		switch cmd {
		case hypercall.XENVER_version, hypercall.XENVER_pagesize: // take no argument
			continue
		}
		t.Errno("argument nowhere", pv.XenVersion(cmd, pv.At[byte](nowhere)), hypercall.EFAULT)
		t.Errno("argument in the hypervisor's space", pv.XenVersion(cmd, pv.At[byte](hypercall.HYPERVISOR_VIRT_START+1<<40)), hypercall.EFAULT)
		t.Errno("argument that is not canonical", pv.XenVersion(cmd, pv.At[byte](nonCanonical)), hypercall.EFAULT)
	}
	t.Errno("no such command", pv.XenVersion[byte](99, nil), hypercall.ENOSYS)

	// An argument that begins on a page and does not end on one.
	page := pv.AllocPage()
	second := page + pv.PageSize
	entry := *pv.Entry(second, 1)
	t.OK("unmapping", pv.UpdateVAMapping(second, 0, hypercall.UVMF_INVLPG))
	t.Errno("argument that runs off a page", pv.XenVersion(hypercall.XENVER_capabilities, pv.At[byte](second-8)), hypercall.EFAULT)
	t.OK("argument up to the end of a page", pv.XenVersion(hypercall.XENVER_extraversion, pv.At[byte](second-16)))
	t.OK("mapping", pv.UpdateVAMapping(second, entry, hypercall.UVMF_INVLPG))
	pv.Protect(page)
	t.Errno("argument that can't be written", pv.XenVersion(hypercall.XENVER_extraversion, pv.At[byte](page)), hypercall.EFAULT)
	pv.Unprotect(page)
	pv.FreePage(page)
}

func features(t *pv.T) {
	info := hypercall.XenFeatureInfo{}
	t.OK("get_features", pv.XenVersion(hypercall.XENVER_get_features, &info))
	const always = 1<<hypercall.XENFEAT_mmu_pt_update_preserve_ad | 1<<hypercall.XENFEAT_highmem_assist
	t.Equal("features that a PV guest has", uint64(info.Submap&always), always)
	if pv.Domain0() {
		t.Check(info.Submap>>hypercall.XENFEAT_dom0&1 != 0, "domain 0 can't be domain 0: %x", uint64(info.Submap))
	}
	const never = 1<<hypercall.XENFEAT_writable_page_tables | 1<<hypercall.XENFEAT_auto_translated_physmap | 1<<hypercall.XENFEAT_supervisor_mode_kernel
	t.Equal("features that it has not", uint64(info.Submap&never), 0)
	info.SubmapIdx = 1
	t.Errno("no such submap", pv.XenVersion(hypercall.XENVER_get_features, &info), hypercall.EINVAL)
}
