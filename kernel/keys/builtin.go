package keys

import (
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/power"
	"tuco/kernel/timer"
	"tuco/kernel/trace"
)

// builtin is the keys that need nothing but what is below this package.
var builtin = [...]Key{
	{'h', "this list", nil}, // see Start: the list would contain itself
	{'d', "registers of every CPU", registers},
	{'t', "clock and timers", timers},
	{'e', "last trace records", lastRecords},
	{'P', "power off", powerOff},
	{'R', "reboot", reboot},
	{'C', "crash the hypervisor, to see a report; asks for a second C", crash},
}

func powerOff(*lock.Holder) { power.Off() }
func reboot(*lock.Holder)   { power.Reboot() }

// records is how many trace records the key shows.
const records = 40

func lastRecords(*lock.Holder) { trace.Dump(records) }

func timers(h *lock.Holder) {
	const second = 1_000_000_000
	now, hz := timer.Now(), timer.Hz()
	klog.Infof("clock: %d.%d s since boot, time stamp counter at %d.%d MHz",
		klog.U(now/second), klog.D6(now%second/1000), klog.U(hz/1_000_000), klog.D6(hz%1_000_000))
	for cpu := range percpu.Count() {
		s := timer.StatsOf(h, cpu)
		if s.Pending == 0 {
			klog.Infof("cpu %d: no timers set, %d run, latest by %d ns", klog.D(cpu), klog.U(s.Run), klog.U(s.Worst))
			continue
		}
		klog.Infof("cpu %d: %d timers set, next in %d us; %d run, latest by %d ns", klog.D(cpu), klog.D(s.Pending),
			klog.D(int64(s.Next-now)/1000), klog.U(s.Run), klog.U(s.Worst))
	}
}

func crash(*lock.Holder) {
	if before != 'C' {
		klog.Infof("C once more crashes the hypervisor; any other key does not")
		return
	}
	klog.Bug("provoked by a key")
}
