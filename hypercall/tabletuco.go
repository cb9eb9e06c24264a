package hypercall

var tucoOp = Call{
	Name: "tuco_op", Guests: PV, State: Implemented,
	Args: []Arg{{Uint, "cmd", ""}, {InOut, "arg", ""}},
	Does: "What Tuco has and Xen has not: on Xen this call gives ENOSYS. A guest asks for the features first.",
	Fails: []Failure{
		{EPERM, "idle: the domain is not privileged, and the hypervisor's command line does not have counts"},
		{EINVAL, "ring_register: a number of frames that no ring has, or a frame that is not the domain's or can't be writable"},
		{EEXIST, "ring_register: the vCPU has a ring"},
		{ENOENT, "ring_kick: there is no such vCPU"},
		{ENXIO, "ring_kick, ring_unregister: the vCPU has no ring, or none any more"},
	},
	Ops: []Op{
		{Cmd: TUCOOP_features, Name: "TUCOOP_features", Type: "tuco_features", State: Implemented},
		{Cmd: TUCOOP_exits, Name: "TUCOOP_exits", Type: "tuco_exits", State: Implemented, Note: "of the calling vCPU, this exit among them"},
		{Cmd: TUCOOP_ring_register, Name: "TUCOOP_ring_register", Type: "tuco_ring_register", State: Implemented, Note: "of the calling vCPU"},
		{Cmd: TUCOOP_ring_unregister, Name: "TUCOOP_ring_unregister", State: Implemented, Note: "of the calling vCPU, when all that is in it is done"},
		{Cmd: TUCOOP_ring_kick, Name: "TUCOOP_ring_kick", State: Implemented, Note: "arg is the number of a vCPU of the caller's domain; returns when all is done that is in its ring"},
		{Cmd: TUCOOP_idle, Name: "TUCOOP_idle", Type: "tuco_idle", State: Implemented, Note: "for privileged domains, and with counts on the hypervisor's command line for all"},
	},
}
