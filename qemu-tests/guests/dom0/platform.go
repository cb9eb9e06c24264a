package dom0

import (
	"unsafe"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// op is the call's argument; each command has its own structure in the middle.
var op hypercall.XenPlatformOp

func platformOp[T any](cmd uint32, arg *T) uint64 {
	op = hypercall.XenPlatformOp{Cmd: cmd, InterfaceVersion: hypercall.XENPF_INTERFACE_VERSION}
	inside := (*T)(unsafe.Pointer(&op.U))
	*inside = *arg
	result := call()
	*arg = *inside
	return result
}

func call() uint64 {
	return pv.Call(hypercall.HYPERVISOR_platform_op, pv.Address(&op), 0, 0, 0, 0)
}

func platform(t *pv.T) {
	t.Errno("argument nowhere", pv.Call(hypercall.HYPERVISOR_platform_op, nowhere, 0, 0, 0, 0), hypercall.EFAULT)
	op = hypercall.XenPlatformOp{Cmd: hypercall.XENPF_get_cpuinfo, InterfaceVersion: hypercall.XENPF_INTERFACE_VERSION + 1}
	t.Errno("another interface version", call(), hypercall.EACCES)
	op = hypercall.XenPlatformOp{Cmd: 1000, InterfaceVersion: hypercall.XENPF_INTERFACE_VERSION}
	t.Errno("no such command", call(), hypercall.ENOSYS)
}

func cpus(t *pv.T) {
	info := hypercall.XenPFPcpuinfo{}
	t.OK("get_cpuinfo", platformOp(hypercall.XENPF_get_cpuinfo, &info))
	t.Equal("flags of CPU 0", uint64(info.Flags), hypercall.XEN_PCPU_FLAGS_ONLINE)
	last := info.MaxPresent
	for cpu := range last + 1 {
		info = hypercall.XenPFPcpuinfo{XenCPUID: cpu}
		t.OK("get_cpuinfo", platformOp(hypercall.XENPF_get_cpuinfo, &info))
		t.Equal("highest number", uint64(info.MaxPresent), uint64(last))
	}
	info = hypercall.XenPFPcpuinfo{XenCPUID: last + 1}
	t.OK("get_cpuinfo of no CPU", platformOp(hypercall.XENPF_get_cpuinfo, &info))
	t.Equal("its flags", uint64(info.Flags), hypercall.XEN_PCPU_FLAGS_INVALID)
}

// firmware asks for what depends on the machine only as far as it can't be there.
func firmware(t *pv.T) {
	const far = 99
	for _, c := range [...]struct {
		kind, index uint32
		want        hypercall.Errno
	}{
		{0, 0, hypercall.EINVAL},
		{6, 0, hypercall.EINVAL},
		{hypercall.XEN_FW_DISK_INFO, far, hypercall.ESRCH},
		{hypercall.XEN_FW_DISK_MBR_SIGNATURE, far, hypercall.ESRCH},
		{hypercall.XEN_FW_VBEDDC_INFO, far, hypercall.ESRCH},
		{hypercall.XEN_FW_EFI_INFO, 0, hypercall.ENOSYS},
		{hypercall.XEN_FW_KBD_SHIFT_FLAGS, 0, 0},
		{hypercall.XEN_FW_KBD_SHIFT_FLAGS, 1, hypercall.ESRCH},
	} {
		info := hypercall.XenPFFirmwareInfo{Type: c.kind, Index: c.index}
		t.Errno("firmware_info", platformOp(hypercall.XENPF_firmware_info, &info), c.want)
	}
}

func setTime(t *pv.T) {
	s := pv.Shared()
	set := hypercall.XenPFSettime64{Secs: 2_000_000_000, Nsecs: 5, SystemTime: pv.Now()}
	t.OK("settime64", platformOp(hypercall.XENPF_settime64, &set))
	now := uint64(s.WcSec) + pv.Now()/1e9
	requireNear(t, now, 2_000_000_000)
	set.MBZ = 1
	t.Errno("settime64 with a field that must be 0", platformOp(hypercall.XENPF_settime64, &set), hypercall.EINVAL)
	old := hypercall.XenPFSettime32{Secs: 1_900_000_000, Nsecs: 5, SystemTime: pv.Now()}
	t.OK("settime32", platformOp(hypercall.XENPF_settime32, &old))
	now = uint64(s.WcSec) + pv.Now()/1e9
	requireNear(t, now, 1_900_000_000)
	sleep := hypercall.XenPFEnterACPISleep{SleepState: 5, Flags: 2}
	t.Errno("enter_acpi_sleep with an unknown flag", platformOp(hypercall.XENPF_enter_acpi_sleep, &sleep), hypercall.EINVAL)
}

func requireNear(t *pv.T, now, want uint64) {
	t.Check(now >= want-1 && now < want+10, "the wall clock says %d, not %d", now, want)
}
