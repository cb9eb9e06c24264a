package host

import (
	"regexp"
	"strconv"
	"strings"
)

// An End is the way a run ended.
type End int

// The ends of a run.
const (
	PoweredOff     End = iota + 1 // the log closes with "tuco: power off"
	Rebooted                      // … "tuco: reboot"
	Halted                        // … "tuco: halted: REASON": the machine can't be used
	Crashed                       // … "tuco: crashed: REASON", or the emulator's status says so
	Vanished                      // the machine stopped without a closing line
	TimedOut                      // the time was up
	Quit                          // the user ended it
	Interrupted                   // the context ended
	EmulatorFailed                // the emulator did not run, or died by itself
	Awaited                       // the text that the run was to end at appeared
	GaveUp                        // the control domain ended the host, and said why: a guest has crashed, or could not be made
)

var endNames = map[End]string{
	PoweredOff: "powered off", Rebooted: "rebooted", Halted: "halted", Crashed: "crashed", Vanished: "crashed without a closing line",
	TimedOut: "timed out", Quit: "ended by the user", Interrupted: "interrupted", EmulatorFailed: "emulator failed", Awaited: "ended at the awaited text", GaveUp: "failed",
}

func (e End) String() string { return endNames[e] }

const (
	haltedPrefix  = "tuco: halted: "
	crashedPrefix = "tuco: crashed: "
)

// closing recognises a closing line of the log, and gives the end that it tells and its reason.
func closing(line string) (end End, reason string) {
	switch {
	case line == "tuco: power off":
		return PoweredOff, ""
	case line == "tuco: reboot":
		return Rebooted, ""
	case strings.HasPrefix(line, haltedPrefix):
		return Halted, line[len(haltedPrefix):]
	case strings.HasPrefix(line, crashedPrefix):
		return Crashed, line[len(crashedPrefix):]
	}
	return 0, ""
}

// closingOf finds the last closing line of a hypervisor's log.
func closingOf(hypervisor, log string) (end End, reason string) {
	for line := range strings.Lines(log) {
		if e, r := voiceOf(hypervisor).closing(strings.TrimRight(line, "\n")); e != 0 {
			end, reason = e, r
		}
	}
	return end, reason
}

var selfTestLine = regexp.MustCompile(`(?m)^selftest: (\d+) passed, (\d+) failed$`)

// SelfTest finds the self-test's result in a log; ok is false if it did not run to its end.
func SelfTest(log string) (passed, failed int, ok bool) {
	match := selfTestLine.FindStringSubmatch(log)
	if match == nil {
		return 0, 0, false
	}
	passed, err1 := strconv.Atoi(match[1])
	failed, err2 := strconv.Atoi(match[2])
	return passed, failed, err1 == nil && err2 == nil
}
