package hypercall

// The calls that Tuco leaves out. Guests that know them do without.

var schedOpCompat = Call{
	Name: "sched_op_compat", Guests: AnyGuest, State: Absent,
	Args: []Arg{{Int, "cmd", ""}, {Ulong, "arg", ""}},
	Does: "sched_op replaces it since interface version 3.1.1.",
}

var eventChannelOpCompat = Call{
	Name: "event_channel_op_compat", Guests: AnyGuest, State: Absent,
	Args: []Arg{{InOut, "op", "evtchn_op"}},
	Does: "event_channel_op replaces it since interface version 3.2.2.",
}

var physdevOpCompat = Call{
	Name: "physdev_op_compat", Guests: AnyGuest, State: Absent,
	Args: []Arg{{InOut, "op", "physdev_op"}},
	Does: "physdev_op replaces it since interface version 3.2.2.",
}

var xsmOp = Call{
	Name: "xsm_op", Guests: AnyGuest, State: Absent,
	Args: []Arg{{InOut, "op", ""}},
	Does: "There are no security modules.",
}

var xenoprofOp = Call{
	Name: "xenoprof_op", Guests: AnyGuest, State: Absent,
	Args: []Arg{{Int, "op", ""}, {InOut, "arg", ""}},
	Does: "Profiling is by the trace buffers and the emulator.",
}

var sysctl = Call{
	Name: "sysctl", Guests: AnyGuest, Caller: Privileged, State: Absent,
	Args: []Arg{{InOut, "op", "xen_sysctl"}},
	Does: "It is private to Xen's tools. Tuco has control_op in its place.",
}

var domctl = Call{
	Name: "domctl", Guests: AnyGuest, Caller: Privileged, State: Absent,
	Args: []Arg{{InOut, "op", "xen_domctl"}},
	Does: "It is private to Xen's tools. Tuco has control_op in its place.",
}

var kexecOp = Call{
	Name: "kexec_op", Guests: AnyGuest, Caller: Privileged, State: Absent,
	Args: []Arg{{Ulong, "op", ""}, {InOut, "arg", ""}},
	Does: "A crash is reported and not dumped by another kernel.",
}

var tmemOp = Call{
	Name: "tmem_op", Guests: AnyGuest, State: Absent,
	Args: []Arg{{InOut, "op", ""}},
	Does: "Transcendent memory is gone from Xen as well.",
}

var argoOp = Call{
	Name: "argo_op", Guests: AnyGuest, State: Absent,
	Args: []Arg{{Uint, "cmd", ""}, {InOut, "arg1", ""}, {InOut, "arg2", ""}, {Ulong, "arg3", ""}, {Ulong, "arg4", ""}},
	Does: "Domains talk by grants and events.",
}

var xenpmuOp = Call{
	Name: "xenpmu_op", Guests: AnyGuest, State: Absent,
	Args: []Arg{{Uint, "op", ""}, {InOut, "arg", "xen_pmu_params"}},
	Does: "Guests have no performance counters.",
}

var dmOp = Call{
	Name: "dm_op", Guests: AnyGuest, Caller: Privileged, State: Absent,
	Args: []Arg{{Domain, "domid", ""}, {Uint, "nr_bufs", ""}, {InOut, "bufs", "xen_dm_op_buf"}},
	Does: "There are no device models.",
}

var hypfsOp = Call{
	Name: "hypfs_op", Guests: AnyGuest, Caller: Privileged, State: Absent,
	Args: []Arg{{Uint, "cmd", ""}, {In, "arg1", "char"}, {Ulong, "arg2", ""}, {InOut, "arg3", ""}, {Ulong, "arg4", ""}},
	Does: "There is no file system in the hypervisor.",
}
