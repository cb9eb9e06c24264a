package calls

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func vmAssist(t *pv.T) {
	for _, kind := range [...]uint64{
		hypercall.VMASST_TYPE_writable_pagetables, hypercall.VMASST_TYPE_architectural_iopl,
		hypercall.VMASST_TYPE_runstate_update_flag, hypercall.VMASST_TYPE_m2p_strict,
	} {
		if kind == hypercall.VMASST_TYPE_m2p_strict && pv.OnTuco() {
			t.Errno("m2p_strict", pv.VMAssist(hypercall.VMASST_CMD_enable, kind), hypercall.EINVAL)
			continue
		}
		t.OK("enable", pv.VMAssist(hypercall.VMASST_CMD_enable, kind))
		t.OK("enable again", pv.VMAssist(hypercall.VMASST_CMD_enable, kind))
		t.OK("disable", pv.VMAssist(hypercall.VMASST_CMD_disable, kind))
		t.OK("disable again", pv.VMAssist(hypercall.VMASST_CMD_disable, kind))
	}
	for _, kind := range [...]uint64{6, 31, 33, 63, 64, 1 << 20} {
		t.Errno("no such assist", pv.VMAssist(hypercall.VMASST_CMD_enable, kind), hypercall.EINVAL)
	}
	t.Errno("no such command", pv.VMAssist(2, hypercall.VMASST_TYPE_writable_pagetables), hypercall.ENOSYS)
}

func sched(t *pv.T) {
	t.Errno("no such command", pv.SchedOp[byte](99, nil), hypercall.ENOSYS)
	for _, cmd := range [...]uint64{
		hypercall.SCHEDOP_shutdown, hypercall.SCHEDOP_poll, hypercall.SCHEDOP_remote_shutdown, hypercall.SCHEDOP_shutdown_code,
		hypercall.SCHEDOP_watchdog,
	} {
		t.Errno("argument nowhere", pv.SchedOp(cmd, pv.At[byte](nowhere)), hypercall.EFAULT)
	}
	dom := hypercall.SchedRemoteShutdown{DomainID: 77}
	t.Errno("remote_shutdown of no domain", pv.SchedOp(hypercall.SCHEDOP_remote_shutdown, &dom), hypercall.ESRCH)
	dog := hypercall.SchedWatchdog{ID: 99, Timeout: 10}
	t.Errno("no such watchdog", pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog), hypercall.EINVAL)
	dog = hypercall.SchedWatchdog{Timeout: 100}
	id := pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog)
	t.Check(hypercall.Failed(id) == 0 && id > 0, "a new watchdog has the number %x", id)
	dog = hypercall.SchedWatchdog{ID: uint32(id), Timeout: 100}
	t.OK("feeding it", pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog))
	dog.Timeout = 0
	t.OK("ending it", pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog))
	t.Errno("ending it again", pv.SchedOp(hypercall.SCHEDOP_watchdog, &dog), hypercall.EINVAL)
}
