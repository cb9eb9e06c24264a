package traps

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func setTrapTable(t *pv.T) {
	var table [2]hypercall.TrapInfo
	table[0] = hypercall.TrapInfo{Vector: 0x42, CS: hypercall.FLAT_KERNEL_CS, Address: nonCanonicalAddress}
	t.Errno("handler at a non-canonical address", pv.SetTrapTable(&table[0]), hypercall.EINVAL)
	t.Errno("table that can't be read", pv.SetTrapTable(pv.At[hypercall.TrapInfo](0x1000)), hypercall.EFAULT)
	t.Errno("table at a non-canonical address", pv.SetTrapTable(pv.At[hypercall.TrapInfo](nonCanonicalAddress)), hypercall.EFAULT)
	t.OK("no table", pv.SetTrapTable(nil))
	pv.SetTraps()
	t.Trapped("UD2", pv.Catch(undefined), pv.UD, 0)
}

const nonCanonicalAddress = 0x8000_0000_0000_0000
