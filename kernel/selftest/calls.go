package selftest

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/timer"
	"tuco/kernel/trap"
	"tuco/kernel/x86"
)

// onCall serves the guest's hypercalls.
func onCall(v *domain.VCPU) uint64 {
	number := v.Container.Regs.GPR[exit.RAX]
	if number >= uint64(len(calls)) {
		return 1<<64 + domain.NoSuchCall
	}
	return uint64(calls[number](v))
}

// calls is the guest's hypercalls, at the numbers that guest.S uses.
var calls = [...]func(*domain.VCPU) int64{
	callNull,
	callReport,
	callLost,
	callAlarm,
	callInterrupt,
	callYield,
	callRemap,
	callTSC,
	callFarewell,
	callEcho,
	callLevel,
	callSpace,
	callFlush,
	callBases,
	callDebug,
	callDone,
}

// callNames is what guest.S calls them.
var callNames = [...]string{
	"null",
	"report",
	"lost",
	"alarm",
	"interrupt",
	"yield",
	"remap",
	"tsc",
	"farewell",
	"echo",
	"level",
	"space",
	"flush",
	"bases",
	"debug",
	"done",
}

func callNull(*domain.VCPU) int64 { return 0 }

// callReport is the result of a check: its number, whether it failed, a value.
func callReport(v *domain.VCPU) int64 {
	g, r := of(v), &v.Container.Regs.GPR
	n, failed, value := r[exit.RDI], r[exit.RSI], r[exit.RDX]
	if n < uint64(len(checks)) && checks[n].cost && failed == 0 {
		g.cost[g.way] = value
	}
	g.report(n, failed == 0, value)
	return 0
}

// callLost is an exception that the guest did not expect.
func callLost(v *domain.VCPU) int64 {
	g, r := of(v), &v.Container.Regs.GPR
	klog.Errorf("selftest: cpu %d: %s: the guest took %s at %x, CR2 %x", klog.D(g.cpu.ID), klog.S(g.way.String()),
		klog.S(x86.Vector(r[exit.RDI]).String()), klog.X(r[exit.RSI]), klog.X(r[exit.RDX]))
	trap.Report(v)
	g.end()
	return 0
}

// alarmAfter is when the guest's alarm rings, in ns: enough for it to be
// spinning by then.
const alarmAfter = 1_000_000

func callAlarm(v *domain.VCPU) int64 {
	g := of(v)
	g.alarm.Set(&g.cpu.Locks, timer.Now()+alarmAfter)
	return 0
}

// ring ends the guest's wait.
func ring(_ *lock.Holder, cpu uint64) { guests[cpu].words(pageData)[dataFlag] = 1 }

// callInterrupt asks for an interrupt at a vector, as soon as IF allows it.
func callInterrupt(v *domain.VCPU) int64 {
	g := of(v)
	g.pending = x86.Vector(v.Container.Regs.GPR[exit.RDI])
	g.deliver()
	return 0
}

// deliver injects the pending interrupt, or waits for the window.
func (g *guest) deliver() {
	c := &g.vcpu.Container
	if !c.Interruptible() {
		c.SetWindow(true)
		return
	}
	c.SetWindow(false)
	c.Inject(exit.External(g.pending))
	g.pending = 0
}

func callYield(v *domain.VCPU) int64 {
	useRegisters()
	v.Leave = true
	return 0
}

// callRemap puts the frame of one page in place of another's.
func callRemap(v *domain.VCPU) int64 {
	g := of(v)
	g.words(pageL1)[pageRemapped] = g.address(pageLazy) | ptePresent
	v.Container.Flush()
	return 0
}

func callTSC(v *domain.VCPU) int64 {
	v.Container.SetTSCOffset(1 << 40)
	return 0
}

// callFarewell announces the double fault.
func callFarewell(v *domain.VCPU) int64 {
	of(v).seen |= farewell
	return 0
}

// farewell stands among the bits of guest.seen, beyond those of the checks.
const farewell = 1 << 63

func callEcho(v *domain.VCPU) int64 {
	r := &v.Container.Regs.GPR
	return int64(r[exit.RDI] + r[exit.RSI] + r[exit.RDX])
}
