package cmdline

// id names a row of the table.
type id uint8

const (
	unknown id = iota
	selfTest
	stay
	dom0Mem
	dom0MaxVCPUs
	logLevel
	maxCPUs
	noReboot
	stub
	syncConsole
	crash
	counts
	trace
)

// option is a row of the table of all options.
type option struct {
	id   id
	name string
	// boolean options are also written no-NAME and NAME=on, NAME=off.
	boolean bool
	value   string // the form of the value, for the documentation
	preset  string // what holds without the option, for the documentation
	want    string // what a value may be, for the warning
	help    string // sentences, for the documentation
}

const wantBool = "on or off"

var table = [...]option{
	{
		id: counts, name: "counts", boolean: true, preset: "off",
		want: wantBool,
		help: "Logs, when a domain shuts down, how often its vCPUs have left the guest for which reason, and which hypercalls they have made, with lists of how many requests. " +
			"Also lets every domain ask for how long CPUs had nothing to run (tuco_op), which tells of others.",
	},
	{
		id: crash, name: "crash", value: "KIND", preset: "none",
		want: "none, bounds, nil, stack, guard, bug, divide, text, execute, fault-in-handler, in-interrupt, after-exit, heap or triple-fault",
		help: "Crashes on purpose once everything is up, to test the crash report. KIND is a bounds error, a nil dereference, " +
			"a stack overflow (`stack` as Go notices it, `guard` as the guard page does), a bug that the hypervisor finds itself, a division by zero, " +
			"a write to `text`, an attempt to `execute` data, a fault in an exception's handler, a nil dereference in an interrupt or right after " +
			"an exit from a guest, a use of the heap, or a triple fault, of which the machine is reset with no report.",
	},
	{
		id: dom0MaxVCPUs, name: "dom0_max_vcpus", value: "N or MIN-MAX", preset: "as in boot.cfg",
		want: "a number from 1 to 128, or MIN-MAX, MIN- or -MAX",
		help: "The number of domain 0's vCPUs, whatever boot.cfg says. A range bounds what boot.cfg says; " +
			"an end that is left out is 1 or the number of CPUs.",
	},
	{
		id: dom0Mem, name: "dom0_mem", value: "SIZE[,min:SIZE][,max:SIZE]", preset: "as in boot.cfg",
		want: "SIZE, min:SIZE and max:SIZE between commas, each a number with a suffix B, K, M, G or T",
		help: "Domain 0's memory, whatever boot.cfg says; `min:` and `max:` bound it, or what boot.cfg says. " +
			"A number without a suffix counts KiB. A size with a minus sign means all free memory but that much. " +
			"Unlike in Xen, shares in percent are not known.",
	},
	{
		id: logLevel, name: "loglvl", value: "LEVEL", preset: "info",
		want: "error, warning, info, debug or all",
		help: "The least urgent level that is logged: error, warning, info or debug; all is debug.",
	},
	{
		id: maxCPUs, name: "maxcpus", value: "N", preset: "32",
		want: "a number from 1 to 32",
		help: "Starts at most so many CPUs.",
	},
	{
		id: noReboot, name: "noreboot", boolean: true, preset: "off",
		want: wantBool,
		help: "Halts after a crash where the machine would be rebooted.",
	},
	{
		id: selfTest, name: "selftest", boolean: true, preset: "off",
		want: wantBool,
		help: "Runs the built-in self-test on every CPU, prints `selftest: N passed, M failed`, and powers off.",
	},
	{
		id: stay, name: "stay", boolean: true, preset: "off",
		want: wantBool,
		help: "Stays at the serial keys where the machine would be powered off: after the self-test.",
	},
	{
		id: stub, name: "stub", boolean: true, preset: "off",
		want: wantBool,
		help: "Whether paravirtual guests' system calls, page faults and returns from them are served by the stub, a part of the " +
			"hypervisor in each guest's container, with no exit. It changes no result, only what it costs.",
	},
	{
		id: syncConsole, name: "sync_console", boolean: true, preset: "off",
		want: wantBool,
		help: "Accepted as in Xen. It changes nothing: each line of the log is written before the hypervisor goes on.",
	},
	{
		id: trace, name: "trace", value: "on, off or MASK", preset: "all but the exits of guests",
		want: "on, off or a mask of 32 bits",
		help: "Which classes of events go into the trace buffers, a bit for each: 1 system, 2 exits of guests, 4 interrupts, 8 timers, 16 TLB flushes. `on` is all of them.",
	},
}

// find looks an option up. As in Xen, - and _ in a name are the same.
func find(name []byte) *option {
	for k := range table {
		if sameName(name, table[k].name) {
			return &table[k]
		}
	}
	return nil
}

func sameName(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for k, c := range b {
		if c == '-' {
			c = '_'
		}
		if c != name[k] {
			return false
		}
	}
	return true
}
