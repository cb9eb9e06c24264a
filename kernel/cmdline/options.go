// Package cmdline reads the hypervisor's command line.
//
// A command line is words between blanks. A part of a word in single or
// double quotes may hold blanks; the quotes are dropped. A word is NAME or
// NAME=VALUE, names and sizes are written as for Xen, and where a word comes
// twice the later one counts. Nothing in a command line stops a boot: a word
// that is unknown or has an impossible value is ignored, with a warning that
// names it.
//
// All options stand in one table (table.go), from which
// docs/command-line.md is made. The arguments of domain 0 are not here: they
// are in the boot bundle.
package cmdline

// Options is what the command line asks for.
type Options struct {
	SelfTest     bool
	Dom0Mem      Dom0Mem
	Dom0MaxVCPUs Dom0VCPUs
	LogLevel     LogLevel
	MaxCPUs      int // CPUs to use, 1 to CPULimit
	NoReboot     bool
	Stub         bool // paravirtual guests' containers do what they can by themselves
	Stay         bool // at the serial keys, after the self-test
	Counts       bool // of exits and hypercalls, when a domain ends
	Crash        CrashKind
	Trace        uint32 // a bit for each class of trace records that is kept

	warnings  [maxWarnings]Warning
	nWarnings int
	dropped   int
}

// CPULimit is how many CPUs are used at most.
const CPULimit = 32

// DefaultTrace is every class of trace records but the exits of guests, which
// are many and would cost each exit a quarter more.
const DefaultTrace = ^uint32(1 << 1)

// LogLevel is the least urgent level that is logged. The numbers are those
// of klog.Level.
type LogLevel uint8

const (
	LogError LogLevel = iota
	LogWarning
	LogInfo
	LogDebug
)

// CrashKind is a crash provoked on purpose, to test the crash report.
type CrashKind uint8

const (
	CrashNone CrashKind = iota
	CrashBounds
	CrashNil
	CrashStack
	CrashGuard
	CrashBug
	CrashDivide
	CrashText
	CrashExecute
	CrashFaultInHandler
	CrashInInterrupt
	CrashAfterExit
	CrashHeap
	CrashTripleFault
)

var crashNames = [...]string{
	CrashNone: "none", CrashBounds: "bounds", CrashNil: "nil", CrashStack: "stack", CrashGuard: "guard",
	CrashBug: "bug", CrashDivide: "divide", CrashText: "text", CrashExecute: "execute",
	CrashFaultInHandler: "fault-in-handler", CrashInInterrupt: "in-interrupt",
	CrashAfterExit: "after-exit", CrashHeap: "heap", CrashTripleFault: "triple-fault",
}

// String is the kind as it is written on the command line.
func (k CrashKind) String() string { return crashNames[k] }

// Warnings are the words that were ignored, and why. Dropped is how many
// more there were than fit.
func (o *Options) Warnings() (list []Warning, dropped int) {
	return o.warnings[:o.nWarnings], o.dropped
}

// Default is what an empty command line means.
func Default() Options {
	return Options{LogLevel: LogInfo, MaxCPUs: CPULimit, Trace: DefaultTrace}
}
