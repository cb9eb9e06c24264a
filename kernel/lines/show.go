package lines

import (
	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// Show logs the lines that are in use, or have been.
func Show(h *lock.Holder) {
	klog.Infof("interrupt lines:")
	all.lock.Lock(h)
	for i := range all.lines {
		if l := &all.lines[i]; l.taken || l.number != 0 || l.count != 0 {
			l.show()
		}
	}
	all.lock.Unlock(h)
}

func (l *line) show() {
	trigger, polarity := "edge", "high"
	if l.Level {
		trigger = "level"
	}
	if l.ActiveLow {
		polarity = "low"
	}
	if l.message {
		klog.Infof("  messages with vector %x: PIRQ %u, %s; %u interrupts, %u unwanted", klog.X(uint8(vector(l.GSI))), klog.U(l.number),
			klog.S(l.state()), klog.U(l.count), klog.U(l.unwanted))
		return
	}
	klog.Infof("  line %u: %s, %s, PIRQ %u, %s; %u interrupts, %u unwanted", klog.U(l.GSI), klog.S(trigger), klog.S(polarity),
		klog.U(l.number), klog.S(l.state()), klog.U(l.count), klog.U(l.unwanted))
}

func (l *line) state() string {
	switch {
	case l.taken:
		return "the hypervisor's"
	case !l.bound():
		return "not bound"
	case l.serving:
		return "being served"
	case l.resting:
		return "resting"
	}
	return "open"
}
