package dom0

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// nobody is a domain that there is not.
const nobody = 77

// frames is where setup_table lists the table's frames.
var frames [64]hypercall.XenPFN

func setup(domain hypercall.DomID, n uint32, list uint64) hypercall.GnttabSetupTable {
	arg := hypercall.GnttabSetupTable{Dom: domain, NrFrames: n, FrameList: hypercall.Handle[hypercall.XenPFN](list)}
	pv.Need("setup_table", pv.GrantOp(hypercall.GNTTABOP_setup_table, &arg, 1))
	return arg
}

func requireStatus(t *pv.T, what string, got, want hypercall.GrantStatus) {
	t.Check(got == want, what)
}

func grantTable(t *pv.T) {
	size := hypercall.GnttabQuerySize{Dom: hypercall.DOMID_SELF}
	t.OK("query_size", pv.GrantOp(hypercall.GNTTABOP_query_size, &size, 1))
	requireStatus(t, "query_size did not succeed", size.Status, hypercall.GNTST_okay)
	t.Check(size.NrFrames >= 1 && size.MaxNrFrames >= 4, "the table has %d of %d frames", uint64(size.NrFrames), uint64(size.MaxNrFrames))
	limit := size.MaxNrFrames
	size.Dom = nobody
	t.OK("query_size", pv.GrantOp(hypercall.GNTTABOP_query_size, &size, 1))
	requireStatus(t, "query_size of no domain has another status", size.Status, hypercall.GNTST_bad_domain)

	list := pv.Address(&frames)
	requireStatus(t, "setup_table did not succeed", setup(hypercall.DOMID_SELF, 1, list).Status, hypercall.GNTST_okay)
	first := frames[0]
	requireStatus(t, "setup_table did not succeed", setup(hypercall.DOMID_SELF, 4, list).Status, hypercall.GNTST_okay)
	t.Equal("first frame", uint64(frames[0]), uint64(first))
	for i := range 4 {
		t.Check(frames[i] != 0, "frame %d is none", uint64(i))
	}
	requireStatus(t, "setup_table of too many frames has another status", setup(hypercall.DOMID_SELF, limit+1, list).Status, hypercall.GNTST_general_error)
	requireStatus(t, "setup_table of no domain has another status", setup(nobody, 1, list).Status, hypercall.GNTST_bad_domain)
	requireStatus(t, "setup_table with a list nowhere has another status", setup(hypercall.DOMID_SELF, 1, nowhere).Status, hypercall.GNTST_bad_virt_addr)
	for _, count := range [...]uint64{0, 2, 1 << 31} {
		t.Errno("a count that the command can't have", pv.GrantOp(hypercall.GNTTABOP_query_size, &size, count), hypercall.EINVAL)
		t.Errno("a count that the command can't have", pv.GrantOp(hypercall.GNTTABOP_setup_table, &size, count), hypercall.EINVAL)
	}
	t.Errno("argument nowhere", pv.GrantOp(hypercall.GNTTABOP_query_size, pv.At[byte](nowhere), 1), hypercall.EFAULT)
	t.Errno("argument nowhere", pv.GrantOp(hypercall.GNTTABOP_setup_table, pv.At[byte](nowhere), 1), hypercall.EFAULT)
	t.Errno("no such command", pv.GrantOp(99, &size, 1), hypercall.ENOSYS)

	window := pv.AllocPage()
	t.OK("mapping", pv.UpdateVAMapping(window, uint64(first)*pv.PageSize|pv.RW, hypercall.UVMF_INVLPG))
	for i := range uint64(512) {
		t.Equal("entry of a new table", *pv.At[uint64](window + 8*i), 0)
	}
	*pv.At[uint64](window + 512) = 0
	pv.Unprotect(window)
	pv.FreePage(window)
}

func setVersion(version uint32) (result uint64, now uint32) {
	arg := hypercall.GnttabSetVersion{Version: version}
	return pv.GrantOp(hypercall.GNTTABOP_set_version, &arg, 1), arg.Version
}

func grantVersion(t *pv.T) {
	get := hypercall.GnttabGetVersion{Dom: hypercall.DOMID_SELF}
	t.OK("get_version", pv.GrantOp(hypercall.GNTTABOP_get_version, &get, 1))
	t.Equal("version", uint64(get.Version), 1)
	get.Dom = nobody
	t.Errno("get_version of no domain", pv.GrantOp(hypercall.GNTTABOP_get_version, &get, 1), hypercall.ESRCH)
	for _, version := range [...]uint32{0, 3} {
		result, now := setVersion(version)
		t.Errno("set_version to one that there is not", result, hypercall.EINVAL)
		t.Equal("version", uint64(now), 1)
	}
	result, now := setVersion(2)
	if pv.OnTuco() {
		t.Errno("set_version to 2", result, hypercall.ENOSYS)
	} else {
		t.OK("set_version to 2", result)
		t.Equal("version", uint64(now), 2)
	}
	result, now = setVersion(1)
	t.OK("set_version to 1", result)
	t.Equal("version", uint64(now), 1)
}
