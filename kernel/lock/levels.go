package lock

// Level is a lock's place in the tree of doc.go. A CPU may take a lock only
// if its level is above that of every lock which the CPU holds already.
type Level uint8

// The levels, from the outermost lock to the innermost. The numbers carry no
// meaning beyond their order: put a new lock where it belongs.
const (
	_          Level = iota // a lock that was never given a level is caught
	CPUs                    // bringing up CPUs, one at a time
	HostMap                 // the hypervisor's own page tables
	Pool                    // one typed object pool
	Devices                 // the interrupt lines, what is known of PCI functions, or who has which ports or devices' memory
	Links                   // which event channels are connected to which
	Events                  // a domain's event channels
	RunQueue                // a CPU's run queue
	Share                   // the CPU time that the vCPUs of a capped domain share
	VTimer                  // a vCPU's timers
	Timer                   // a CPU's queue of timers
	Grants                  // what a domain grants, or has mapped of others' grants
	Rings                   // a vCPU's update ring
	PageTables              // a domain's page tables, and the types of its frames
	Frames                  // the frame allocator
	Trace                   // control of the trace buffers
	Console                 // console input and the key handlers

	levels // count; at most 64, since a held level is a bit of one word
)

const _ = uint(64 - levels)

var levelNames = [levels]string{
	"no level", "cpus", "host map", "pool", "devices", "links", "events", "run queue", "share", "vtimer", "timer", "grants", "rings", "page tables", "frames", "trace", "console",
}

// String returns the level's name in crash reports.
func (l Level) String() string {
	if l < levels {
		return levelNames[l]
	}
	return "unknown level"
}
