package hypercall

var controlOp = Call{
	Name: "control_op", Guests: PV, Caller: Privileged, State: Implemented,
	Args: []Arg{{Uint, "version", ""}, {Uint, "cmd", ""}, {InOut, "arg", ""}},
	Does: "Makes domains, looks at them, and ends them: see [the control interface](control-interface.md). On Xen this call gives ENOSYS.",
	Fails: []Failure{
		{EACCES, "version is not that of the hypervisor; version alone is answered whatever the caller's is"},
		{ESRCH, "there is no such domain, or it has another serial, or it is dying"},
		{EINVAL, "a number is out of bounds, a name has bytes that are not printable ASCII; pause: the caller's own domain; message: a domain that has no physical interrupts; set_context: a state that no vCPU can have; destroy: no serial"},
		{ENOMEM, "create: there is no memory, or no number, for one more domain"},
		{ENOENT, "vcpu, set_context: there is no such vCPU"},
		{EEXIST, "set_context: the vCPU has a state already"},
		{EPERM, "destroy: the domain is privileged"},
		{ENOSPC, "message: no vector, or no number of an interrupt, is free"},
		{ENODEV, "message: there is no CPU that a message can name"},
		{EAGAIN, "destroy: the domain's end has begun, or has come a step further: call again"},
		{EBUSY, "destroy: all that is left is for others to let go of its frames; then it is gone, and VIRQ_DOM_EXC tells"},
	},
	Ops: []Op{
		{Cmd: CONTROLOP_version, Name: "CONTROLOP_version", Type: "control_version", State: Implemented, Note: "the handshake"},
		{Cmd: CONTROLOP_machine, Name: "CONTROLOP_machine", Type: "control_machine", State: Implemented},
		{Cmd: CONTROLOP_list, Name: "CONTROLOP_list", Type: "control_list", State: Implemented},
		{Cmd: CONTROLOP_vcpu, Name: "CONTROLOP_vcpu", Type: "control_vcpu", State: Implemented},
		{Cmd: CONTROLOP_create, Name: "CONTROLOP_create", Type: "control_create", State: Implemented},
		{Cmd: CONTROLOP_destroy, Name: "CONTROLOP_destroy", Type: "control_target", State: Implemented, Note: "0 when the domain is gone"},
		{Cmd: CONTROLOP_pause, Name: "CONTROLOP_pause", Type: "control_target", State: Implemented, Note: "returns when no vCPU of it is on a CPU; it may be paused already"},
		{Cmd: CONTROLOP_unpause, Name: "CONTROLOP_unpause", Type: "control_target", State: Implemented, Note: "it may run already"},
		{Cmd: CONTROLOP_max_memory, Name: "CONTROLOP_max_memory", Type: "control_max_memory", State: Implemented},
		{Cmd: CONTROLOP_schedule, Name: "CONTROLOP_schedule", Type: "control_schedule", State: Implemented},
		{Cmd: CONTROLOP_set_context, Name: "CONTROLOP_set_context", Type: "control_context", State: Implemented},
		{Cmd: CONTROLOP_message, Name: "CONTROLOP_message", Type: "control_message", State: Implemented, Note: "composes the message by which a device interrupts; PHYSDEVOP_unmap_pirq gives it back"},
	},
}
