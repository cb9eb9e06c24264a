package trace

import (
	"tuco/kernel/klog"
	"tuco/kernel/layout"
)

// Dump logs the last n records of all CPUs together, oldest first. It takes no
// lock. While other CPUs run, a record that is overwritten meanwhile may show
// wrong; those that are made meanwhile do not show.
func Dump(n int) {
	var from, to cursors
	for cpu := range buffers {
		to[cpu] = buffers[cpu].made
	}
	from = to
	if back := from.rewind(n); back > 0 {
		klog.Infof("trace: the last %d records", klog.D(back))
		from.play(&to)
		return
	}
	klog.Infof("trace: no records")
}

// cursors is a place in each CPU's buffer: the number of the record after it.
type cursors [layout.MaxCPUs]uint64

// rewind puts the cursors back so that n records more of all lie behind them, the
// newest ones, and returns how many there were.
func (c *cursors) rewind(n int) int {
	for back := range n {
		newest := -1
		for cpu := range buffers {
			if c[cpu] > buffers[cpu].oldest() &&
				(newest < 0 || buffers[cpu].at(c[cpu]-1).TSC > buffers[newest].at(c[newest]-1).TSC) {
				newest = cpu
			}
		}
		if newest < 0 {
			return back
		}
		c[newest]--
	}
	return n
}

// play logs what lies between the cursors and others, in the order of time.
func (c *cursors) play(to *cursors) {
	var newest uint64
	for cpu := range buffers {
		if to[cpu] > c[cpu] {
			newest = max(newest, buffers[cpu].at(to[cpu]-1).TSC)
		}
	}
	for {
		first := -1
		for cpu := range buffers {
			if c[cpu] < to[cpu] &&
				(first < 0 || buffers[cpu].at(c[cpu]).TSC < buffers[first].at(c[first]).TSC) {
				first = cpu
			}
		}
		if first < 0 {
			return
		}
		log(buffers[first].at(c[first]), newest)
		c[first]++
	}
}

// oldest is the number of the oldest record that can't be half overwritten.
func (b *buffer) oldest() uint64 {
	if capacity := uint64(len(b.records)); b.made >= capacity && capacity > 0 {
		return b.made - capacity + 1
	}
	return 0
}

func (b *buffer) at(i uint64) *Record { return &b.records[i%uint64(len(b.records))] }

// log shows a record; its time is counted back from the newest, in nanoseconds
// or, before the clock is known, in ticks.
func log(r *Record, newest uint64) {
	ago, unit := max(newest, r.TSC)-r.TSC, "ticks"
	if tscKHz != 0 {
		// 1e6 ns a millisecond; the split keeps hours of ticks in range.
		ago, unit = ago/tscKHz*1_000_000+ago%tscKHz*1_000_000/tscKHz, "ns"
	}
	who := [4]klog.Arg{klog.S(""), klog.S(""), klog.S(""), klog.S("")}
	if r.VCPU != NoVCPU {
		who = [4]klog.Arg{klog.S(" d"), klog.D(r.VCPU >> 16), klog.S("v"), klog.D(r.VCPU & 0xffff)}
	}
	d := describe(r.Event)
	a := klog.X(r.A)
	if d.names != nil {
		a = klog.S(d.names(r.A))
	}
	if d.b == "" {
		klog.Infof("  -%u %s cpu %d%s%d%s%d %s: %s %x", klog.U(ago), klog.S(unit), klog.D(r.CPU),
			who[0], who[1], who[2], who[3], klog.S(d.name), klog.S(d.a), a)
		return
	}
	klog.Infof("  -%u %s cpu %d%s%d%s%d %s: %s %x, %s %x", klog.U(ago), klog.S(unit), klog.D(r.CPU),
		who[0], who[1], who[2], who[3], klog.S(d.name), klog.S(d.a), a, klog.S(d.b), klog.X(r.B))
}
