package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/percpu"
)

// platformHead is what hypercall.XenPlatformOp begins with. What belongs to the
// command is copied when that is known, each byte once.
type platformHead struct {
	Cmd              uint32
	InterfaceVersion uint32
}

// platformBody is where that is, in bytes.
const platformBody = 8

// platformOp is platform_op.
//
// EFAULT. EACCES: another version of the interface. EPERM: the caller is not
// privileged. ENOSYS: no such command.
func platformOp(v *domain.VCPU, a *hypercall.Args) int64 {
	arg := hypercall.Handle[byte](a.PlatformOp())
	var s platformHead
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.InterfaceVersion != hypercall.XENPF_INTERFACE_VERSION {
		return fail(hypercall.EACCES)
	}
	if !v.Domain.Privileged {
		return fail(hypercall.EPERM)
	}
	body := arg + platformBody
	switch s.Cmd {
	case hypercall.XENPF_settime32:
		return setTime32(v, body)
	case hypercall.XENPF_settime64:
		return setTime64(v, body)
	case hypercall.XENPF_firmware_info:
		return firmwareInfo(v, body)
	case hypercall.XENPF_enter_acpi_sleep:
		return enterSleep(v, body)
	case hypercall.XENPF_get_cpuinfo:
		return cpuInfo(v, body)
	}
	return fail(hypercall.ENOSYS)
}

func setTime32(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenPFSettime32
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	machine.SetWall(v.Holder(), uint64(s.Secs), s.Nsecs, s.SystemTime)
	return 0
}

// setTime64 is XENPF_settime64. EINVAL: what must be zero is not.
func setTime64(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenPFSettime64
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.MBZ != 0 {
		return fail(hypercall.EINVAL)
	}
	machine.SetWall(v.Holder(), s.Secs, s.Nsecs, s.SystemTime)
	return 0
}

// firmwareInfo is XENPF_firmware_info. No firmware's services are asked before the
// start, so little is known.
//
// ESRCH: there is no such thing. EINVAL: there is no such type. ENOSYS: the firmware is
// no EFI.
func firmwareInfo(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenPFFirmwareInfo
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	switch s.Type {
	case hypercall.XEN_FW_KBD_SHIFT_FLAGS:
		if s.Index == 0 {
			s.U[0] &^= 0xff // no key is held
			return given(put(v, arg, &s))
		}
	case hypercall.XEN_FW_DISK_INFO, hypercall.XEN_FW_DISK_MBR_SIGNATURE, hypercall.XEN_FW_VBEDDC_INFO:
	case hypercall.XEN_FW_EFI_INFO:
		return fail(hypercall.ENOSYS)
	default:
		return fail(hypercall.EINVAL)
	}
	return fail(hypercall.ESRCH)
}

// enterSleep is XENPF_enter_acpi_sleep: S5 powers off. What the guest wants written to
// which register does not matter, since we have that from the same tables. EINVAL:
// another state, or an unknown flag.
func enterSleep(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenPFEnterACPISleep
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	const softOff = 5
	if s.SleepState != softOff || s.Flags&^hypercall.XENPF_ACPI_SLEEP_EXTENDED != 0 {
		return fail(hypercall.EINVAL)
	}
	machine.Shutdown(v.Holder(), v.Domain, hypercall.SHUTDOWN_poweroff)
	return 0
}

// cpuInfo is XENPF_get_cpuinfo.
func cpuInfo(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.XenPFPcpuinfo
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	n := uint32(percpu.Count())
	s.MaxPresent = n - 1
	if s.XenCPUID < n {
		s.Flags = hypercall.XEN_PCPU_FLAGS_ONLINE
		s.ApicID = percpu.Get(int(s.XenCPUID)).APICID
		s.ACPIID = noACPIID
	} else {
		s.Flags = hypercall.XEN_PCPU_FLAGS_INVALID
	}
	return given(put(v, arg, &s))
}

// noACPIID: the firmware's number of a CPU is not kept.
const noACPIID = ^uint32(0)
