//go:build boot

package qemutests

// Words of the hypervisor's log that tests wait for or read figures from.
const (
	readyForKeys = "keys: h for help"                                                  // it listens to the console now
	powerOffKey  = "P"                                                                 // what switches it off there
	cpusUp       = `^cpus: 4 of 4 running`                                             // all of four CPUs are up
	memoryTaken  = `(?m)^memory: .* (\d+(?:\.\d+)?) ([KMG])iB taken by the hypervisor` // what the hypervisor took

	// An empty hypercall's cost in a guest with direct and with nested paging, and by SYSCALL; under -icount a tick is
	// an instruction.
	emptyHypercall = `(?m)^selftest: empty hypercall: (\d+) (?:ticks|instructions) \(direct\), (\d+) \(nested\), ` +
		`(\d+) \(paravirtual\)$`
)
