package calls

import (
	"tuco/hypercall"
	"tuco/kernel/console"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/machine"
)

// consoleChunk is how many bytes one step of console_io moves.
const consoleChunk = 128

// consoleIO is console_io: a privileged domain's bytes go out as they are, those
// of others line by line with the domain's number, unprintable ones replaced.
//
// EFAULT. EPERM: read by a domain that does not own the console. ENOSYS: no such
// command.
func consoleIO(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.ConsoleIO()
	switch s.Cmd {
	case hypercall.CONSOLEIO_write:
		return consoleWrite(v, &s)
	case hypercall.CONSOLEIO_read:
		if !v.Domain.Privileged {
			return fail(hypercall.EPERM)
		}
		var text [consoleChunk]byte
		n := console.Read(v.Holder(), text[:min(uint64(s.Count), consoleChunk)])
		if _, ok := v.KernelMemory.Write(frame.VAddr(s.Buffer), text[:n]); !ok {
			return fail(hypercall.EFAULT)
		}
		return int64(n)
	}
	return fail(hypercall.ENOSYS)
}

// consoleWrite writes a chunk at a time, so that a long text keeps nobody waiting.
func consoleWrite(v *domain.VCPU, s *hypercall.ConsoleIOArgs) int64 {
	done := v.Progress.Done
	if done >= s.Count {
		v.Progress.Done = 0
		return 0
	}
	var text [consoleChunk]byte
	n := min(s.Count-done, consoleChunk)
	if _, ok := v.KernelMemory.Read(text[:n], frame.VAddr(s.Buffer)+frame.VAddr(done)); !ok {
		v.Progress.Done = 0
		return fail(hypercall.EFAULT)
	}
	if v.Domain.Privileged {
		console.Write(text[:n])
	} else {
		say(v, text[:n])
	}
	if done+n == s.Count {
		v.Progress.Done = 0
		return 0
	}
	v.Progress.Done = done + n
	return domain.Continue
}

// say logs what an unprivileged domain writes, a line at a time.
func say(v *domain.VCPU, text []byte) {
	d, h := v.Domain, v.Holder()
	d.Lock.Lock(h)
	for _, b := range text {
		if b != '\n' {
			d.Line[d.LineLength] = b
			d.LineLength++
		}
		if b == '\n' || d.LineLength == len(d.Line) {
			sayLine(d)
			d.LineLength = 0
		}
	}
	d.Lock.Unlock(h)
}

// sayLine logs the line of an unprivileged domain's, if it has not written too much. The domain's lock is held.
func sayLine(d *domain.Domain) {
	may, silenced, leftOut := d.Said.Line(d.LineLength, machine.Now())
	switch {
	case silenced:
		klog.Infof("domain %d: writes more to this console than is logged", klog.D(d.ID))
	case leftOut > 0:
		klog.Infof("domain %d: %d lines that it has written here were left out", klog.D(d.ID), klog.U(leftOut))
	}
	if may {
		klog.Infof("(d%d) %s", klog.D(d.ID), klog.B(d.Line[:d.LineLength]))
	}
}
