package bench

import (
	"os"
	"regexp"
	"runtime"
	"strings"
)

// ThisMachine describes the machine that the program runs on.
func ThisMachine() Machine {
	info, _ := os.ReadFile("/proc/cpuinfo") // what can't be read is not known
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return Machine{CPU: model(string(info)), Cores: runtime.NumCPU(), Kernel: strings.TrimSpace(string(kernel))}
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

func model(cpuinfo string) string {
	if m := modelName.FindStringSubmatch(cpuinfo); m != nil {
		return m[1]
	}
	return "unknown"
}

// The lines by which hypervisors and the emulator tell what they are.
var (
	tucoVersion = regexp.MustCompile(`(?m)^tuco (\S+)`)
	xenVersion  = regexp.MustCompile(`(?m)Xen version (\S+ \([^)]*\))`)
	tucoClock   = regexp.MustCompile(`(?m)^clock: time stamp counter at ([0-9.]+) MHz`)
	xenClock    = regexp.MustCompile(`(?m)Detected ([0-9.]+) MHz processor`)
	qemuVersion = regexp.MustCompile(`(?m)^QEMU emulator version (\S+(?: \([^)]*\))?)`)
)

// TucoVersion is the version in a log of Tuco's.
func TucoVersion(log string) string { return first(tucoVersion, log) }

// XenVersion is the version in a log of Xen's.
func XenVersion(log string) string { return first(xenVersion, log) }

// QEMUVersion is the version in what QEMU says when it is asked.
func QEMUVersion(text string) string { return first(qemuVersion, text) }

func first(pattern *regexp.Regexp, text string) string {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "unknown"
}

// TucoMHz is how often the time stamp counter ticks in a microsecond, by a log of Tuco's; 0 if that doesn't tell.
func TucoMHz(log string) float64 { return rate(tucoClock, log) }

// XenMHz is the same by a log of Xen's.
func XenMHz(log string) float64 { return rate(xenClock, log) }

func rate(pattern *regexp.Regexp, log string) float64 {
	v, err := number(first(pattern, log))
	if err != nil {
		return 0
	}
	return v
}
