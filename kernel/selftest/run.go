package selftest

import (
	"sync/atomic"

	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/ptab"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

// Machine is what the self-test works on.
type Machine struct {
	Frames *pmm.Allocator
	Host   *ptab.Space // the hypervisor's own address space
	// The guest's image, in machine memory.
	ImageStart, ImageEnd frame.MAddr
	Probed               *exit.Probed
}

var machine Machine

// finished has a bit for each CPU that is through.
var finished atomic.Uint32

// Prepare gets the guests' memory. On the boot CPU, before any CPU calls Run.
func Prepare(cpu *percpu.CPU, m *Machine) {
	machine = *m
	image = layout.Bytes(m.ImageStart, uint64(m.ImageEnd-m.ImageStart))
	for i := range percpu.Count() {
		g := &guests[i]
		block, r := m.Frames.Alloc(&cpu.Locks, blockOrder, pmm.Anywhere)
		if r != pmm.OK {
			klog.Errorf("selftest: no memory for the guest of cpu %d: %s", klog.D(i), klog.S(r.String()))
			g.failedAll++
			continue
		}
		g.block = block
		g.cpu = percpu.Get(i)
		g.domain.ID, g.domain.Kind = domain.ID(i), &kind
	}
}

// Run does this CPU's share. On each CPU, once.
func Run(cpu *percpu.CPU) {
	if cpu.ID == 0 {
		lookAround(cpu)
	}
	if g := &guests[cpu.ID]; g.cpu != nil {
		g.run(direct)
		if machine.Probed.Nested {
			g.run(nested)
		}
		g.run(paravirtual)
	}
	finished.Or(1 << cpu.ID) // after its counts, which Finish reads
}

// limit is how long Finish waits for the other CPUs, in ns.
const limit = 3 * patience

// Finish waits for all CPUs and tells what came out. On the boot CPU, after its
// own Run. It returns whether everything passed.
func Finish(cpu *percpu.CPU) bool {
	all := uint32(1)<<percpu.Count() - 1
	for end := timer.Now() + limit; finished.Load() != all && timer.Now() < end; {
		x86.ServiceInterrupts()
		x86.Pause()
	}
	passed, failed := host.passed, host.failed
	for i := range percpu.Count() {
		g := &guests[i]
		if finished.Load()>>i&1 == 0 {
			klog.Errorf("selftest: cpu %d does not finish", klog.D(i))
			failed++
			continue
		}
		passed += g.passedAll
		failed += g.failedAll
		if g.cpu != nil {
			machine.Frames.Free(&cpu.Locks, g.block, blockOrder)
		}
	}
	logSkipped(&guests[0])
	logCost(&guests[0])
	klog.Infof("selftest: %d passed, %d failed", klog.D(passed), klog.D(failed))
	return failed == 0 && passed > 0
}

// logSkipped names what could not be tested.
func logSkipped(g *guest) {
	if !machine.Probed.Nested {
		klog.Infof("selftest: nested paging: skipped: %s", klog.S(machine.Probed.Missing))
	}
	if tcg() {
		klog.Infof("selftest: breakpoints of a guest: skipped: QEMU's TCG does not arm them")
	}
	if g.nothingSaid {
		klog.Infof("selftest: reasons in DR6: skipped: the processor gives none when a debug exception leaves a guest")
	}
}

// logCost tells what a hypercall costs that does nothing, from the guest's
// instruction to its next. A tick is an instruction where the emulator counts.
func logCost(g *guest) {
	if !machine.Probed.Nested {
		klog.Infof("selftest: empty hypercall: %u ticks (direct), %u (paravirtual)", klog.U(g.cost[direct]),
			klog.U(g.cost[paravirtual]))
		return
	}
	klog.Infof("selftest: empty hypercall: %u ticks (direct), %u (nested), %u (paravirtual)", klog.U(g.cost[direct]),
		klog.U(g.cost[nested]), klog.U(g.cost[paravirtual]))
}
