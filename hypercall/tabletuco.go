package hypercall

var tucoOp = Call{
	Name: "tuco_op", Guests: PV, State: Implemented,
	Args: []Arg{{Uint, "cmd", ""}, {InOut, "arg", ""}},
	Does: "What Tuco has and Xen has not: on Xen this call gives ENOSYS. A guest asks for the features first.",
	Ops: []Op{
		{Cmd: TUCOOP_features, Name: "TUCOOP_features", Type: "tuco_features", State: Implemented},
		{Cmd: TUCOOP_exits, Name: "TUCOOP_exits", Type: "tuco_exits", State: Implemented, Note: "of the calling vCPU, this exit among them"},
	},
}
