package calls

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pv"
)

const vcpuCall = hypercall.HYPERVISOR_vcpu_op

// second gives the guest another vCPU, which is down and has nothing.
func (g *guest) second() *domain.VCPU {
	v := &domain.VCPU{Domain: g.d, ID: 1}
	v.InfoFrame = frame.NoMFN
	v.PV.Traps = new([256]domain.Gate)
	v.PV.Window = new([domain.AreaPages]atomic.Uint64)
	for i := range v.PV.LDTFrames {
		v.PV.LDTFrames[i] = frame.NoMFN
	}
	require.True(g.t, g.d.Events.AddVCPU(g.v.Holder(), &v.Events))
	v.Upcalls = v.Events.Info()
	machine.InitTimers(v)
	g.d.AddVCPU(v)
	g.v.InfoFrame = frame.NoMFN
	g.v.Up.Store(true)
	g.d.Group.Init()
	for _, v := range g.d.VCPUs() {
		require.Zero(g.t, machine.Scheduler.Add(g.v.Holder(), &v.Entity, &g.d.Group, 1, machine.Now()))
	}
	return v
}

// context is a state of a vCPU that can be.
func (g *guest) context() hypercall.VCPUGuestContext {
	x := hypercall.VCPUGuestContext{Flags: hypercall.VGCF_in_kernel}
	x.Ctrlreg[3] = uint64(g.l4.Addr())
	return x
}

// A state that can't be is refused, and nothing of it is left: its frames can be used
// as anything, and go with the domain.
func TestInitialiseRefused(t *testing.T) {
	const far = 1 << 63 // not canonical
	g := newGuest(t, false)
	v := g.second()
	descriptors := g.pages[6]
	require.Zero(t, g.update(g.l1, 6, 0)) // no writable mapping is left
	for what, change := range map[string]func(x *hypercall.VCPUGuestContext){
		"RIP":                     func(x *hypercall.VCPUGuestContext) { x.UserRegs.RIP = far },
		"RSP":                     func(x *hypercall.VCPUGuestContext) { x.UserRegs.RSP = far },
		"kernel stack":            func(x *hypercall.VCPUGuestContext) { x.KernelSP = far },
		"FS":                      func(x *hypercall.VCPUGuestContext) { x.FSBase = far },
		"GS":                      func(x *hypercall.VCPUGuestContext) { x.GSBaseKernel = far },
		"user GS":                 func(x *hypercall.VCPUGuestContext) { x.GSBaseUser = far },
		"event callback":          func(x *hypercall.VCPUGuestContext) { x.EventCallbackEIP = far },
		"failsafe callback":       func(x *hypercall.VCPUGuestContext) { x.FailsafeCallbackEIP = far },
		"syscall callback":        func(x *hypercall.VCPUGuestContext) { x.SyscallCallbackEIP = far },
		"last trap":               func(x *hypercall.VCPUGuestContext) { x.TrapCtxt[255].Address = far },
		"LDT address":             func(x *hypercall.VCPUGuestContext) { x.LDTBase, x.LDTEnts = 8, 1 },
		"LDT of the hypervisor's": func(x *hypercall.VCPUGuestContext) { x.LDTBase = 0xffff_8000_0000_0000 },
		"LDT size":                func(x *hypercall.VCPUGuestContext) { x.LDTEnts = 8193 },
		"GDT size":                func(x *hypercall.VCPUGuestContext) { x.GDTEnts = hypercall.FIRST_RESERVED_GDT_ENTRY + 1 },
		"GDT size of 33 bits":     func(x *hypercall.VCPUGuestContext) { x.GDTEnts = 1 << 32 },
		"GDT frame":               func(x *hypercall.VCPUGuestContext) { x.GDTEnts, x.GDTFrames[0] = 1, 1<<40 },
		"GDT in a table":          func(x *hypercall.VCPUGuestContext) { x.GDTEnts, x.GDTFrames[0] = 1, uint64(g.l1) },
		"second GDT frame": func(x *hypercall.VCPUGuestContext) {
			x.GDTEnts, x.GDTFrames[0], x.GDTFrames[1] = 513, uint64(descriptors), uint64(g.l1)
		},
		"root 0":    func(x *hypercall.VCPUGuestContext) { x.Ctrlreg[3] = 0 },
		"no frame":  func(x *hypercall.VCPUGuestContext) { x.Ctrlreg[3] = 1 << 51 },
		"another's": func(x *hypercall.VCPUGuestContext) { x.Ctrlreg[3] = uint64(hypervisorFrame.Addr()) },
		"user root": func(x *hypercall.VCPUGuestContext) {
			x.Ctrlreg[1] = uint64(g.l1.Addr())
			x.GDTEnts, x.GDTFrames[0] = 1, uint64(descriptors)
		},
		"user root 0": func(x *hypercall.VCPUGuestContext) { x.Ctrlreg[1] = 8 },
		"user mode without a root": func(x *hypercall.VCPUGuestContext) {
			x.Flags = 0
		},
	} {
		x := g.context()
		change(&x)
		assert.Equal(t, failed(hypercall.EINVAL), g.call(vcpuCall, hypercall.VCPUOP_initialise, 1, g.write(0, x)), what)
		kernel, user := g.d.Memory.Roots(1)
		assert.Equal(t, frame.NoMFN, kernel, what)
		assert.Equal(t, frame.NoMFN, user, what)
		assert.Zero(t, v.PV.GDTEntries, what)
		assert.False(t, v.Initialised, what)
		assert.True(t, v.Claim(), what)
		v.Release()
	}
	assert.Equal(t, failed(hypercall.EFAULT), g.call(vcpuCall, hypercall.VCPUOP_initialise, 1, 4096))
	assert.Equal(t, failed(hypercall.EINVAL), g.call(vcpuCall, hypercall.VCPUOP_up, 1, 0))
	v.Initialised = true
	assert.Equal(t, failed(hypercall.EEXIST), g.call(vcpuCall, hypercall.VCPUOP_initialise, 1, g.write(0, g.context())))
	// The frame that was descriptors for a moment can be written to again.
	var c mm.Call
	machine.Begin(g.v.Holder(), g.d, &c)
	for machine.Settle(g.v.Holder(), g.d, &c, c.GetWritable(descriptors, pagetype.Owner(g.d.ID))) {
	}
	c.PutWritable(descriptors)
}

// A vCPU at which another call is just working is left alone until that is done.
func TestClaimedVCPU(t *testing.T) {
	g := newGuest(t, false)
	v := g.second()
	for _, cmd := range []uint64{
		hypercall.VCPUOP_initialise, hypercall.VCPUOP_up, hypercall.VCPUOP_down, hypercall.VCPUOP_register_vcpu_info,
	} {
		x := g.context()
		require.True(t, v.Claim())
		steps := 0
		g.callBetween(vcpuCall, func() {
			if steps++; steps == 3 {
				x.UserRegs.RIP = 1 << 63
				g.write(0, x) // what was copied before does not count
				v.Release()
			}
		}, cmd, 1, g.write(0, x))
		assert.Equal(t, 4, g.steps)
		assert.True(t, v.Claim(), "it is released")
		v.Release()
		if cmd == hypercall.VCPUOP_register_vcpu_info {
			assert.Equal(t, frame.NoMFN, v.InfoFrame, "frame 0 is nobody's")
		}
	}
}

func (g *guest) registerInfo(vcpu uint64, m frame.MFN, offset uint32) int64 {
	arg := g.write(0, hypercall.VCPURegisterVCPUInfo{MFN: uint64(m), Offset: offset})
	return g.call(vcpuCall, hypercall.VCPUOP_register_vcpu_info, vcpu, arg)
}

func TestRegisterInfo(t *testing.T) {
	g := newGuest(t, false)
	v := g.second()
	m := g.alloc()
	for offset, e := range map[uint32]hypercall.Errno{
		frame.PageSize - 63: hypercall.ENXIO, 4: hypercall.ENXIO, 1 << 31: hypercall.ENXIO, ^uint32(0): hypercall.ENXIO,
	} {
		assert.Equal(t, failed(e), g.registerInfo(1, m, offset))
	}
	for _, m := range []frame.MFN{0, 1 << 40, ^frame.MFN(0), hypervisorFrame, g.l1, g.l4} {
		assert.Equal(t, failed(hypercall.EINVAL), g.registerInfo(1, m, 0), m)
	}
	v.Up.Store(true)
	assert.Equal(t, failed(hypercall.EINVAL), g.registerInfo(1, m, 0), "another one that is up")
	v.Up.Store(false)

	v.Upcalls.CR2.Store(99)
	assert.Zero(t, g.registerInfo(1, m, frame.PageSize-64))
	assert.Equal(t, failed(hypercall.EINVAL), g.registerInfo(1, m, 0), "a second time")
	assert.Same(t, v.Events.Info(), v.Upcalls)
	assert.EqualValues(t, 99, v.Upcalls.CR2.Load(), "the contents move too")
	assert.True(t, v.Upcalls.UpcallPending())
	assert.Equal(t, ^uint64(0), v.Upcalls.Selector.Load())
	assert.EqualValues(t, 0, v.Upcalls.Time.Version.Load()&1)
	assert.NotZero(t, v.Upcalls.Time.Mul.Load(), "the time is told there")
	assert.Equal(t, ^uint64(0), machine.Types.Table(m)[(frame.PageSize-64+8)/8].Load(), "the selector")

	// Whatever the guest does with the frame, it stays one that can be written to.
	assert.Equal(t, failed(hypercall.EINVAL), g.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	arg := g.reservation(hypercall.XenMemoryReservation{}, uint64(m))
	g.call(memoryCall, hypercall.XENMEM_decrease_reservation, arg)
	assert.True(t, g.owns(m))

	own := g.alloc()
	assert.Zero(t, g.registerInfo(0, own, 0), "a vCPU's own, while it runs")
	assert.Same(t, g.v.Events.Info(), g.v.Upcalls)
	for _, v := range g.d.VCPUs() {
		machine.Unshare(g.v.Holder(), g.d, v.InfoFrame)
	}
	assert.False(t, g.owns(m), "it was given back meanwhile")
}

func TestVCPUOp(t *testing.T) {
	g := newGuest(t, false)
	v := g.second()
	for _, c := range []struct {
		what      string
		cmd, vcpu uint64
		arg       uint64
		want      int64
	}{
		{"no such vCPU", hypercall.VCPUOP_is_up, 2, 0, failed(hypercall.ENOENT)},
		{"the highest number", hypercall.VCPUOP_is_up, 1<<32 - 1, 0, failed(hypercall.ENOENT)},
		{"no such command", 99, 0, 0, failed(hypercall.ENOSYS)},
		{"up", hypercall.VCPUOP_is_up, 0, 0, 1},
		{"down", hypercall.VCPUOP_is_up, 1, 0, 0},
		{"bits above the width", hypercall.VCPUOP_is_up | 1<<32, 1 << 32, 0, 1},
		{"another's timer", hypercall.VCPUOP_set_singleshot_timer, 1, 0, failed(hypercall.EINVAL)},
		{"another's timer, stopped", hypercall.VCPUOP_stop_singleshot_timer, 1, 0, failed(hypercall.EINVAL)},
		{"a period of 0", hypercall.VCPUOP_set_periodic_timer, 1, g.at(2048), failed(hypercall.EINVAL)},
		{"an NMI with an argument", hypercall.VCPUOP_send_nmi, 0, g.at(0), failed(hypercall.EINVAL)},
		{"an NMI", hypercall.VCPUOP_send_nmi, 0, 0, 0},
		{"physical id", hypercall.VCPUOP_get_physid, 0, g.at(0), failed(hypercall.EINVAL)},
	} {
		assert.Equal(t, c.want, g.call(vcpuCall, c.cmd, c.vcpu, c.arg), c.what)
	}
	assert.NotZero(t, g.v.Wants.Load()&domain.WantNMI)

	for _, cmd := range []uint64{hypercall.VCPUOP_register_runstate_memory_area, hypercall.VCPUOP_register_vcpu_time_memory_area} {
		for _, at := range []uint64{0xffff_8000_0000_0000, 0xffff_87ff_ffff_ffff, 1 << 62, 0x7fff_ffff_fff8, ^uint64(0)} {
			assert.Equal(t, failed(hypercall.EFAULT), g.call(vcpuCall, cmd, 1, g.write(0, at)), "%x", at)
		}
		assert.Zero(t, v.Clock.RunstateArea.Load())
		assert.Zero(t, g.call(vcpuCall, cmd, 1, g.write(0, uint64(0x5000))), "where nothing is mapped yet")
		v.Clock.RunstateArea.Store(0)
	}
	assert.Zero(t, g.call(vcpuCall, hypercall.VCPUOP_register_vcpu_time_memory_area, 1, g.write(0, g.at(512))))
	now := read[hypercall.VCPUTimeInfo](g, 512)
	assert.Equal(t, machine.Clock.Mul, now.TSCToSystemMul)
	assert.EqualValues(t, 2, now.Version)
	assert.EqualValues(t, hypercall.XEN_PVCLOCK_TSC_STABLE_BIT, now.Flags)
}

func TestNMIHandler(t *testing.T) {
	g := newGuest(t, false)
	register := func(address uint64) int64 {
		return g.call(hypercall.HYPERVISOR_nmi_op, hypercall.XENNMI_register_callback, g.write(0, hypercall.XenNMICallback{HandlerAddress: address}))
	}
	assert.Zero(t, register(0x1234))
	assert.Equal(t, domain.Gate{Address: 0x1234, CS: hypercall.FLAT_KERNEL_CS64, Flags: 4}, g.v.PV.Traps[2])
	assert.Equal(t, failed(hypercall.EINVAL), register(1<<63))
	assert.EqualValues(t, 0x1234, g.v.PV.Traps[2].Address)
	assert.Zero(t, g.call(hypercall.HYPERVISOR_nmi_op, hypercall.XENNMI_unregister_callback))
	assert.Zero(t, g.v.PV.Traps[2].Address)
	assert.Equal(t, failed(hypercall.ENOSYS), g.call(hypercall.HYPERVISOR_nmi_op, 2))
	assert.Equal(t, failed(hypercall.EFAULT), g.call(hypercall.HYPERVISOR_nmi_op, hypercall.XENNMI_register_callback, 4096))
	pv.SetNMIHandler(g.v, 0)
}
