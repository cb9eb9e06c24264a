package calls

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// tuco: the call that only Tuco has. On Xen it does not exist.
func tuco(t *pv.T) {
	var f hypercall.TucoFeatures
	if !pv.OnTuco() {
		t.Errno("features", pv.TucoOp(hypercall.TUCOOP_features, &f), hypercall.ENOSYS)
		t.Errno("features, nowhere", pv.TucoOp(hypercall.TUCOOP_features, pv.At[byte](nowhere)), hypercall.ENOSYS)
		t.Equal("what was said", uint64(f.Version)|f.Features, 0)
		return
	}
	t.OK("features", pv.TucoOp(hypercall.TUCOOP_features, &f))
	t.Check(f.Version >= hypercall.TUCO_VERSION, "the version is %d", uint64(f.Version))
	t.Errno("no such command", pv.TucoOp(99, &f), hypercall.ENOSYS)
	for _, cmd := range [...]uint64{hypercall.TUCOOP_features, hypercall.TUCOOP_exits} {
		t.Errno("argument nowhere", pv.TucoOp(cmd, pv.At[byte](nowhere)), hypercall.EFAULT)
		t.Errno("argument in the hypervisor's space", pv.TucoOp(cmd, pv.At[byte](hypercall.HYPERVISOR_VIRT_START+1<<40)), hypercall.EFAULT)
	}
	countExits(t)
}

// countExits: each call is an exit, and so are a trap and an instruction that the hypervisor makes.
func countExits(t *pv.T) {
	var before, after hypercall.TucoExits
	var features hypercall.TucoFeatures
	t.OK("exits", pv.TucoOp(hypercall.TUCOOP_exits, &before))
	for range 7 {
		pv.TucoOp(hypercall.TUCOOP_features, &features)
	}
	t.OK("exits", pv.TucoOp(hypercall.TUCOOP_exits, &after))
	t.Equal("exits for 8 calls", after.Hypercalls-before.Hypercalls, 8)
	sum := after.Hypercalls + after.Exceptions + after.Instructions + after.Interrupts + after.Others
	t.Equal("the sorts together", sum, after.Total)

	before = after
	pv.ReadCR4()
	t.OK("exits", pv.TucoOp(hypercall.TUCOOP_exits, &after))
	t.Check(after.Instructions+after.Exceptions > before.Instructions+before.Exceptions, "an instruction of the hypervisor's was no exit")
}
