package exit

// Probed is what a back end found out about the CPU it ran on.
type Probed struct {
	Usable bool   // guests can run
	Nested bool   // and with nested paging too
	Tags   uint32 // how many TLB tags (ASIDs, VPIDs) there are, the host's tag 0 included; 0 or 1: none for guests

	// Missing says what is not there when Usable or Nested is false, and
	// Remedy what a person can do about it: clauses for the log.
	Missing, Remedy string

	// Optional features: bit i of Features is the presence of Names[i].
	Features uint64
	Names    []string
}

// Refusal says why a CPU could not be enabled; the empty one means that it was.
type Refusal string
