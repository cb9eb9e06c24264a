package host

import (
	"fmt"
	"strings"
	"time"
)

// An Outcome is what became of a run.
type Outcome struct {
	End    End
	Reason string // one line; the hypervisor's own words where it gave them
	Failed bool   // the run did not do what it should have

	Status               int    // the emulator's exit status; -1 if it was killed
	Log                  string // the hypervisor's
	Console              string // domain 0's; empty if there was none
	LogPath, ConsolePath string
	Emulator             string // what the emulator itself had to say
	Processors           string // of a machine in QEMU that has Vanished: what its processors were at
	Elapsed              time.Duration

	image string // the hypervisor's ELF file
	guest string // domain 0's; empty if there was none
}

// ExitCode is the status that a command line tool passes on: 0 success, 1 failure or crash, 124 timeout.
func (o *Outcome) ExitCode() int {
	switch {
	case o.End == TimedOut:
		return 124
	case o.Failed:
		return 1
	}
	return 0
}

// witnesses is what is known of a run when its emulator is gone.
type witnesses struct {
	stop     End    // TimedOut, Quit, Interrupted: why we ended it; 0 if we did not
	lingered bool   // we killed it because it ran on after its closing line
	status   int    // the emulator's exit status, -1 if killed
	signal   string // the signal that killed it, if it was not us
	log      string
	emulator string // the emulator's own messages
	lastWord string // the control domain's, of why it has ended the host
	bochs    bool   // the emulator passes no exit status on

	hypervisor string // Tuco, or Xen: that has no exit status of its choice, and at its end QEMU runs on
}

// judge weighs the witnesses.
func judge(w witnesses) (end End, reason string, failed bool) {
	end, reason = closingOf(w.hypervisor, w.log)
	mute := w.bochs || w.hypervisor == Xen
	_, testsFailed, tested := SelfTest(w.log)
	switch {
	case w.stop != 0 && end == 0:
		switch w.stop {
		case TimedOut:
			return TimedOut, "the time was up before the hypervisor ended", true
		case Quit, Awaited:
			return w.stop, "", false
		}
		return Interrupted, "interrupted", true
	case w.signal != "":
		return EmulatorFailed, "the emulator was killed: " + w.signal, true
	case end == 0 && w.log == "" && emulatorRefused(w):
		return EmulatorFailed, "the emulator did not start the machine: " + lastLine(w.emulator), true
	case end == 0 && tested && testsFailed > 0:
		return Crashed, fmt.Sprintf("self-test: %d failed", testsFailed), true
	case end == 0 && !mute && w.status == qemuCrashed:
		return Crashed, "the emulator's status says crashed, the log has no closing line", true
	case end == 0 && !mute && w.status == qemuHalted:
		return Halted, "the emulator's status says halted, the log has no closing line", true
	case end == 0 && !mute && w.status != qemuPowerOff:
		return EmulatorFailed, fmt.Sprintf("the emulator ended with status %d: %s", w.status, lastLine(w.emulator)), true
	case end == 0:
		return Vanished, "a triple fault, or a reset by its firmware", true
	case end == Crashed && w.lastWord != "":
		return GaveUp, w.lastWord, true
	case end == Crashed:
		return end, reason, true
	case end == Halted:
		return end, reason, true
	case w.lingered && end == PoweredOff && w.hypervisor != Xen:
		return end, "the log says power off, but the machine ran on", true
	case !mute && w.status > 0:
		return end, fmt.Sprintf("the log says %v, but the emulator's status is %d", end, w.status), true
	case tested && testsFailed > 0:
		return end, fmt.Sprintf("self-test: %d failed", testsFailed), true
	}
	return end, reason, false
}

// emulatorRefused tells whether the emulator gave up before the machine ran: a bad option, a file it can't load.
func emulatorRefused(w witnesses) bool {
	if w.bochs {
		return strings.Contains(w.emulator, ">>PANIC<<") && !strings.Contains(w.emulator, bochsTripleFault)
	}
	return w.status == 1
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// String says in one line how the run ended.
func (o *Outcome) String() string {
	text := o.End.String()
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	return fmt.Sprintf("%s (after %.1f s)", text, o.Elapsed.Seconds())
}
