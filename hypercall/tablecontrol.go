package hypercall

var controlOp = Call{
	Name: "control_op", Guests: PV, Caller: Privileged, State: Implemented,
	Args: []Arg{{Uint, "version", ""}, {Uint, "cmd", ""}, {InOut, "arg", ""}},
	Does: "Makes domains, looks at them, and ends them: see [the control interface](control-interface.md). On Xen this call gives ENOSYS.",
	Fails: []Failure{
		{EACCES, "version is not that of the hypervisor; version alone is answered whatever the caller's is"},
		{ESRCH, "there is no such domain, or it has another serial, or it is dying"},
	},
	Ops: []Op{
		{Cmd: CONTROLOP_version, Name: "CONTROLOP_version", Type: "control_version", State: Implemented, Note: "the handshake"},
		{Cmd: CONTROLOP_machine, Name: "CONTROLOP_machine", Type: "control_machine", State: Implemented},
		{Cmd: CONTROLOP_list, Name: "CONTROLOP_list", Type: "control_list", State: Implemented},
	},
}
