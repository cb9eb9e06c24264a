package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
)

const platformCall = hypercall.HYPERVISOR_platform_op

// platform makes a platform_op.
func (g *guest) platform(cmd uint32, body any) int64 {
	arg := g.write(0, platformHead{cmd, hypercall.XENPF_INTERFACE_VERSION}, body)
	return g.call(platformCall, arg)
}

func TestPlatformRefused(t *testing.T) {
	for _, privileged := range []bool{false, true} {
		g := newGuest(t, privileged)
		e := hypercall.EPERM
		if privileged {
			e = hypercall.ENOSYS
		}
		assert.Equal(t, failed(e), g.platform(1000, uint64(0)))
		assert.Equal(t, failed(hypercall.EACCES), g.call(platformCall, g.write(0, platformHead{hypercall.XENPF_settime32, 1})))
		assert.Equal(t, failed(hypercall.EFAULT), g.call(platformCall, 4096))
		assert.Equal(t, privileged, g.platform(hypercall.XENPF_settime32, hypercall.XenPFSettime32{}) == 0)
		assert.Equal(t, privileged, g.call(hypercall.HYPERVISOR_mca, g.write(0, mcaHead{99, 1})) == failed(hypercall.EACCES))
	}
}

func TestSetTime(t *testing.T) {
	g := newGuest(t, true)
	h := g.v.Holder()
	assert.Zero(t, g.platform(hypercall.XENPF_settime64, hypercall.XenPFSettime64{Secs: 1<<32 + 9, Nsecs: 5, SystemTime: 2_000_000_000}))
	machine.PublishWall(h, g.d)
	s := g.d.Shared
	assert.Equal(t, []uint32{7, 1, 5}, []uint32{s.WallSec.Load(), s.WallSecHi.Load(), s.WallNsec.Load()})
	assert.Equal(t, failed(hypercall.EINVAL), g.platform(hypercall.XENPF_settime64, hypercall.XenPFSettime64{Secs: 1, MBZ: 1}))
	assert.Zero(t, g.platform(hypercall.XENPF_settime32, hypercall.XenPFSettime32{Secs: 1, SystemTime: 1 << 63}))
	machine.PublishWall(h, g.d)
	assert.Zero(t, s.WallSec.Load(), "before 1970")

	g.d.Shutdown.Store(true)
	version := s.WallVersion.Load()
	machine.PublishWall(h, g.d)
	assert.Equal(t, version, s.WallVersion.Load(), "the page of a domain that has ended is not touched")
}

func TestSleepAndFirmware(t *testing.T) {
	g := newGuest(t, true)
	for _, s := range []hypercall.XenPFEnterACPISleep{{SleepState: 0}, {SleepState: 3}, {SleepState: 6}, {SleepState: 5, Flags: 2}} {
		assert.Equal(t, failed(hypercall.EINVAL), g.platform(hypercall.XENPF_enter_acpi_sleep, s))
	}
	for kind, e := range map[uint32]hypercall.Errno{0: hypercall.EINVAL, 1: hypercall.ESRCH, 2: hypercall.ESRCH, 4: hypercall.ENOSYS, 5: 0, 6: hypercall.EINVAL} {
		assert.Equal(t, failed(e), g.platform(hypercall.XENPF_firmware_info, hypercall.XenPFFirmwareInfo{Type: kind}), kind)
	}
	assert.Equal(t, failed(hypercall.ESRCH), g.platform(hypercall.XENPF_firmware_info, hypercall.XenPFFirmwareInfo{Type: 5, Index: 1}))

	assert.Zero(t, g.platform(hypercall.XENPF_get_cpuinfo, hypercall.XenPFPcpuinfo{}))
	assert.EqualValues(t, hypercall.XEN_PCPU_FLAGS_ONLINE, read[hypercall.XenPFPcpuinfo](g, platformBody).Flags)
	assert.Zero(t, g.platform(hypercall.XENPF_get_cpuinfo, hypercall.XenPFPcpuinfo{XenCPUID: 1<<32 - 1}))
	assert.EqualValues(t, hypercall.XEN_PCPU_FLAGS_INVALID, read[hypercall.XenPFPcpuinfo](g, platformBody).Flags)
}

func TestMachineChecks(t *testing.T) {
	g := newGuest(t, true)
	mca := func(cmd uint32, body any) int64 {
		return g.call(hypercall.HYPERVISOR_mca, g.write(0, mcaHead{cmd, hypercall.XEN_MCA_INTERFACE_VERSION}, body))
	}
	for _, cmd := range []uint32{0, hypercall.XEN_MC_notifydomain, hypercall.XEN_MC_msrinject, hypercall.XEN_MC_mceinject, 6} {
		assert.Equal(t, failed(hypercall.EINVAL), mca(cmd, uint64(0)))
	}
	for _, flags := range []uint32{0, 3, hypercall.XEN_MC_ACK} {
		assert.Equal(t, failed(hypercall.EINVAL), mca(hypercall.XEN_MC_fetch, hypercall.XenMCFetch{Flags: flags, Data: 8}))
	}
	assert.Equal(t, failed(hypercall.EINVAL), mca(hypercall.XEN_MC_fetch, hypercall.XenMCFetch{Flags: hypercall.XEN_MC_URGENT}))
	require.Zero(t, mca(hypercall.XEN_MC_fetch, hypercall.XenMCFetch{Flags: hypercall.XEN_MC_URGENT, Data: 8}))
	assert.EqualValues(t, hypercall.XEN_MC_NODATA, read[hypercall.XenMCFetch](g, mcaBody).Flags)

	require.Zero(t, mca(hypercall.XEN_MC_physcpuinfo, hypercall.XenMCPhyscpuinfo{}))
	assert.EqualValues(t, 1, read[hypercall.XenMCPhyscpuinfo](g, mcaBody).Ncpus)
	list := hypercall.Handle[hypercall.McinfoLogicalCPU](g.at(frame.PageSize))
	for n, e := range map[uint32]hypercall.Errno{0: hypercall.EINVAL, 1 << 31: hypercall.EINVAL, 1: 0, 1000: 0} {
		assert.Equal(t, failed(e), mca(hypercall.XEN_MC_physcpuinfo, hypercall.XenMCPhyscpuinfo{Ncpus: n, Info: list}), n)
	}
	assert.EqualValues(t, 1, read[hypercall.McinfoLogicalCPU](g, frame.PageSize).McNthreads)
	assert.Equal(t, failed(hypercall.EFAULT), mca(hypercall.XEN_MC_physcpuinfo, hypercall.XenMCPhyscpuinfo{Ncpus: 1, Info: 4096}))
}
