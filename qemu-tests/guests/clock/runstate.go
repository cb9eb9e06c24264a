package clock

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func getRunstate(vcpu uint32) (r hypercall.VCPURunstateInfo, result uint64) {
	result = pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, vcpu, &r)
	return r, result
}

func sum(r *hypercall.VCPURunstateInfo) (ns uint64) {
	for _, time := range r.Time {
		ns += time
	}
	return ns
}

// slack is how far two accounts of time may lie apart that are made one after the other.
const slack = 50 * pv.Millisecond

// requireSpent requires that from one account to another a vCPU's times have grown, all together by as much as the clock,
// and one by something at least.
func requireSpent(t *pv.T, what string, before, after *hypercall.VCPURunstateInfo, elapsed uint64, state int, least uint64) {
	for i := range after.Time {
		t.Check(after.Time[i] >= before.Time[i], "the time in state %d went from %d to %d", uint64(i), before.Time[i], after.Time[i])
	}
	spent := after.Time[state] - before.Time[state]
	t.Check(spent >= least, what, spent)
	all := sum(after) - sum(before)
	t.Check(all <= elapsed, "%d ns were spent in %d ns", all, elapsed)
	t.Check(all >= elapsed-min(elapsed, slack), "only %d ns were spent in %d ns", all, elapsed)
}

func runstate(t *pv.T) {
	start := pv.Now()
	first, result := getRunstate(0)
	t.OK("get", result)
	t.Equal("state", uint64(first.State), hypercall.RUNSTATE_running)
	t.Check(first.StateEntryTime <= pv.Now(), "the state will be entered at %d ns", first.StateEntryTime)
	t.Check(sum(&first) <= pv.Now(), "the vCPU is %d ns old, older than the machine", sum(&first))

	pv.Spin(pv.Now() + 20*pv.Millisecond)
	second, result := getRunstate(0)
	t.OK("get", result)
	requireSpent(t, "the vCPU ran for %d ns of 20 ms", &first, &second, pv.Now()-start, hypercall.RUNSTATE_running, 10*pv.Millisecond)

	middle := pv.Now()
	pv.Sleep(middle + 20*pv.Millisecond)
	third, result := getRunstate(0)
	t.OK("get", result)
	// The second account may be some time before the middle.
	requireSpent(t, "the vCPU was blocked for %d ns of 20 ms", &second, &third, pv.Now()-middle+slack, hypercall.RUNSTATE_blocked, 19*pv.Millisecond)
	t.Check(third.StateEntryTime >= middle+19*pv.Millisecond, "the state was entered at %d ns, and the sleep begun at %d ns", third.StateEntryTime, middle)

	_, result = getRunstate(noVCPU)
	t.Errno("a vCPU that does not exist", result, hypercall.ENOENT)
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, 0, pv.At[byte](bad)), hypercall.EFAULT)
	}
}

// account is an area that the hypervisor keeps up to date.
var account hypercall.VCPURunstateInfo

func registerAccount(address uint64) uint64 {
	arg := hypercall.VCPURegisterRunstateMemoryArea{Addr: hypercall.Handle[hypercall.VCPURunstateInfo](address)}
	return pv.VCPUOp(hypercall.VCPUOP_register_runstate_memory_area, 0, &arg)
}

func runstateArea(t *pv.T) {
	t.OK("register", registerAccount(pv.Address(&account)))
	t.Equal("state", uint64(account.State), hypercall.RUNSTATE_running)
	t.Check(account.StateEntryTime <= pv.Now(), "the state will be entered at %d ns", account.StateEntryTime)
	for range 5 {
		first := account
		pv.Sleep(pv.Now() + wait)
		t.Equal("state", uint64(account.State), hypercall.RUNSTATE_running)
		t.Check(account.StateEntryTime > first.StateEntryTime, "the area was not written")
		blocked := account.Time[hypercall.RUNSTATE_blocked] - first.Time[hypercall.RUNSTATE_blocked]
		t.Check(blocked >= wait-pv.Millisecond, "the vCPU was blocked for %d ns of 5 ms", blocked)
		// The area is written when the vCPU begins to run; then this is the same.
		asked, result := getRunstate(0)
		t.OK("get", result)
		if asked.StateEntryTime == account.StateEntryTime {
			t.Equal("blocked", asked.Time[hypercall.RUNSTATE_blocked], account.Time[hypercall.RUNSTATE_blocked])
		}
	}
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.VCPUOp(hypercall.VCPUOP_register_runstate_memory_area, 0, pv.At[byte](bad)), hypercall.EFAULT)
	}
	t.Errno("an area of the hypervisor's", registerAccount(0xffff_8300_0000_0000), hypercall.EFAULT)
	arg := hypercall.VCPURegisterRunstateMemoryArea{Addr: hypercall.Handle[hypercall.VCPURunstateInfo](pv.Address(&account))}
	t.Errno("a vCPU that does not exist", pv.VCPUOp(hypercall.VCPUOP_register_runstate_memory_area, noVCPU, &arg), hypercall.ENOENT)

	t.OK("none", registerAccount(0))
	first := account
	pv.Sleep(pv.Now() + wait)
	t.Check(account == first, "an area that is registered no more was written")
}

// runstateFlag asks for a mark in the area while it changes. A vCPU never sees the mark in its own.
func runstateFlag(t *pv.T) {
	t.OK("enable", pv.VMAssist(hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_runstate_update_flag))
	t.OK("register", registerAccount(pv.Address(&account)))
	for range 5 {
		pv.Sleep(pv.Now() + pv.Millisecond)
		t.Equal("mark", account.StateEntryTime&hypercall.XEN_RUNSTATE_UPDATE, 0)
		t.Equal("state", uint64(account.State), hypercall.RUNSTATE_running)
	}
	t.OK("disable", pv.VMAssist(hypercall.VMASST_CMD_disable, hypercall.VMASST_TYPE_runstate_update_flag))
	t.OK("none", registerAccount(0))
}
