package selftest

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/timer"
	"tuco/kernel/trap"
	"tuco/kernel/x86"
)

// guest is the guest of one CPU, and what the host knows about how it fares.
type guest struct {
	vcpu   domain.VCPU
	domain domain.Domain
	cpu    *percpu.CPU
	way    way
	block  frame.MFN

	alarm    timer.Timer // the one the guest asked for
	watchdog timer.Timer

	over    bool                     // it won't run again
	done    bool                     // it said so itself
	doubt   string                   // what the host saw go wrong since the last report
	before  [exit.ReasonLimit]uint64 // exits that earlier checks account for
	seen    uint64                   // checks that reported, a bit each
	failed  uint64                   // of them, those that failed
	pending x86.Vector               // an interrupt that waits for the window; 0 if none does
	star    uint64                   // what the guest wrote to its MSR
	port    [5]uint32                // what it wrote to a port, by size

	nothingSaid bool // DR6 was of no use after a debug exception

	cost [wayCount]uint64 // of an empty hypercall, in ticks

	passedAll, failedAll int // over all this CPU's guests
}

var guests [layout.MaxCPUs]guest

// image is the guest's image, where the loader put it.
var image []byte

// patience is how long a guest may take before it counts as hung, in ns.
const patience = 60_000_000_000

// kind makes the guest a guest of the exit loop's.
var kind = domain.Kind{Name: "selftest", Exception: describe, Software: describe, Exit: onExit, Code: readCode, Broken: onBroken, Hypercall: onCall}

// onBroken is a guest that the processor refuses: a bug of ours, for this guest
// is ours.
func onBroken(v *domain.VCPU) {
	trap.Report(v)
	klog.Bugf("selftest: %s", klog.S(v.Info.Reason.String()))
}

func readCode(v *domain.VCPU, rip uint64) exit.Code { return fetch(of(v), rip) }

// of finds the guest that a vCPU belongs to.
func of(v *domain.VCPU) *guest { return &guests[v.Domain.ID] }

// run runs the guest in one way, from its start to its end.
func (g *guest) run(w way) {
	g.way = w
	g.over, g.done, g.seen, g.failed, g.pending, g.doubt = false, false, 0, 0, 0, ""
	g.start()
	g.before = g.vcpu.Exits
	g.watchdog.Func, g.watchdog.Arg = hung, uint64(g.cpu.ID)
	g.watchdog.Set(&g.cpu.Locks, timer.Now()+patience)
	g.alarm.Func, g.alarm.Arg = ring, uint64(g.cpu.ID)
	for !g.over {
		trap.RunVCPU(g.cpu, &g.vcpu)
		g.spoilRegisters()
	}
	g.watchdog.Cancel(&g.cpu.Locks)
	g.alarm.Cancel(&g.cpu.Locks)
	if w == paravirtual {
		g.refuse()
	}
	g.judge()
}

// end stops the guest for good.
func (g *guest) end() {
	g.over = true
	g.vcpu.Leave = true
}

// hung is what the watchdog does: the next exit is the last.
func hung(_ *lock.Holder, cpu uint64) {
	g := &guests[cpu]
	klog.Errorf("selftest: cpu %d: %s: the guest hangs", klog.D(g.cpu.ID), klog.S(g.way.String()))
	trap.Report(&g.vcpu)
	g.end()
}

// suspect notes something wrong that concerns the check under way.
func (g *guest) suspect(what string) { g.doubt = what }

// report takes the result of a check.
func (g *guest) report(n uint64, ok bool, value uint64) {
	if n >= uint64(len(checks)) {
		g.suspect("a report with an impossible number")
		return
	}
	c := &checks[n]
	if !c.made(g.way) {
		return
	}
	if ok && c.reason != exit.Unknown && g.vcpu.Exits[c.reason] == g.before[c.reason] {
		g.suspect("it did not exit")
	}
	if g.seen>>n&1 != 0 {
		g.suspect("it was reported twice")
	}
	g.before[c.reason] = g.vcpu.Exits[c.reason]
	g.seen |= 1 << n
	if ok && g.doubt == "" {
		return
	}
	g.failed |= 1 << n
	klog.Errorf("selftest: cpu %d: %s: %s: failed, value %x %s", klog.D(g.cpu.ID), klog.S(g.way.String()),
		klog.S(c.name), klog.X(value), klog.S(g.doubt))
	g.doubt = ""
}

// judge counts, at the guest's end.
func (g *guest) judge() {
	passed, failed := 0, 0
	for n := range checks {
		switch {
		case !checks[n].made(g.way):
		case checks[n].breaks && tcg(): // logSkipped says so
		case g.seen>>n&1 == 0:
			failed++
			klog.Errorf("selftest: cpu %d: %s: %s: not reached", klog.D(g.cpu.ID), klog.S(g.way.String()), klog.S(checks[n].name))
		case g.failed>>n&1 != 0:
			failed++
		default:
			passed++
		}
	}
	klog.Infof("selftest: cpu %d: %s: %d passed, %d failed", klog.D(g.cpu.ID), klog.S(g.way.String()), klog.D(passed), klog.D(failed))
	g.passedAll += passed
	g.failedAll += failed
}
