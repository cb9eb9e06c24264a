package hypercall

var schedOp = Call{
	Name: "sched_op", Guests: AnyGuest, Caller: Partly, State: Implemented,
	Args:   []Arg{{Int, "cmd", ""}, {InOut, "arg", ""}, {Ulong, "start_info", ""}},
	Result: "shutdown to suspend: 1 if it was cancelled, 0 in the restored domain; watchdog: a new one's number",
	Does:   "Gives the pCPU away, waits, and shuts down.",
	Fails: []Failure{
		{EINVAL, "poll: more than 128 ports, or one that does not exist; watchdog: no such number, or it was not taken"},
		{ENOSPC, "watchdog: both are taken"},
		{EPERM, "the caller has no rights over the domain"},
		{ESRCH, "remote_shutdown: there is no such domain"},
	},
	Ops: []Op{
		{Cmd: SCHEDOP_yield, Name: "SCHEDOP_yield", State: Implemented},
		{Cmd: SCHEDOP_block, Name: "SCHEDOP_block", State: Implemented},
		{Cmd: SCHEDOP_shutdown, Name: "SCHEDOP_shutdown", Type: "sched_shutdown", State: Implemented},
		{Cmd: SCHEDOP_poll, Name: "SCHEDOP_poll", Type: "sched_poll", State: Implemented},
		{Cmd: SCHEDOP_remote_shutdown, Name: "SCHEDOP_remote_shutdown", Type: "sched_remote_shutdown", Caller: Privileged, State: Implemented},
		{Cmd: SCHEDOP_shutdown_code, Name: "SCHEDOP_shutdown_code", Type: "sched_shutdown", State: Implemented},
		{Cmd: SCHEDOP_watchdog, Name: "SCHEDOP_watchdog", Type: "sched_watchdog", State: Implemented},
		{Cmd: SCHEDOP_pin_override, Name: "SCHEDOP_pin_override", Type: "sched_pin_override", Caller: Privileged, State: Absent, Note: "for BIOS calls of some laptops"},
	},
}

var vcpuOp = Call{
	Name: "vcpu_op", Guests: AnyGuest, State: Implemented,
	Args:   []Arg{{Int, "cmd", ""}, {Uint, "vcpuid", ""}, {InOut, "arg", ""}},
	Result: "is_up: 1 if the vCPU is up",
	Does:   "Starts and stops the domain's vCPUs, sets their timers, and says where they share memory.",
	Fails: []Failure{
		{ENOENT, "there is no such vCPU"},
		{EEXIST, "initialise: it was before"},
		{EINVAL, "initialise: a state that can't be, or the vCPU has no vcpu_info; up: it was not initialised; a one-shot timer of another vCPU; a period below a millisecond; register_vcpu_info: a second time, for another vCPU that is up, or in a frame that the domain can't write to; send_nmi: an argument"},
		{ENXIO, "register_vcpu_info: across a page, or not a multiple of 8"},
		{ETIME, "set_singleshot_timer with VCPU_SSHOTTMR_future: the time has passed"},
	},
	Ops: []Op{
		{Cmd: VCPUOP_initialise, Name: "VCPUOP_initialise", Type: "vcpu_guest_context", State: Implemented, Note: "PVH domains: vcpu_hvm_context"},
		{Cmd: VCPUOP_up, Name: "VCPUOP_up", State: Implemented},
		{Cmd: VCPUOP_down, Name: "VCPUOP_down", State: Implemented, Note: "the last one: the domain powers off"},
		{Cmd: VCPUOP_is_up, Name: "VCPUOP_is_up", State: Implemented},
		{Cmd: VCPUOP_get_runstate_info, Name: "VCPUOP_get_runstate_info", Type: "vcpu_runstate_info", State: Implemented},
		{Cmd: VCPUOP_register_runstate_memory_area, Name: "VCPUOP_register_runstate_memory_area", Type: "vcpu_register_runstate_memory_area", State: Implemented},
		{Cmd: VCPUOP_set_periodic_timer, Name: "VCPUOP_set_periodic_timer", Type: "vcpu_set_periodic_timer", State: Implemented},
		{Cmd: VCPUOP_stop_periodic_timer, Name: "VCPUOP_stop_periodic_timer", State: Implemented},
		{Cmd: VCPUOP_set_singleshot_timer, Name: "VCPUOP_set_singleshot_timer", Type: "vcpu_set_singleshot_timer", State: Implemented},
		{Cmd: VCPUOP_stop_singleshot_timer, Name: "VCPUOP_stop_singleshot_timer", State: Implemented},
		{Cmd: VCPUOP_register_vcpu_info, Name: "VCPUOP_register_vcpu_info", Type: "vcpu_register_vcpu_info", State: Implemented},
		{Cmd: VCPUOP_send_nmi, Name: "VCPUOP_send_nmi", State: Implemented},
		{Cmd: VCPUOP_get_physid, Name: "VCPUOP_get_physid", Type: "vcpu_get_physid", State: Absent, Note: "EINVAL: no vCPU is tied to a pCPU"},
		{Cmd: VCPUOP_register_vcpu_time_memory_area, Name: "VCPUOP_register_vcpu_time_memory_area", Type: "vcpu_register_time_memory_area", State: Implemented},
	},
}

var setTimerOp = Call{
	Name: "set_timer_op", Guests: AnyGuest, State: Implemented,
	Args: []Arg{{Ulong, "timeout", ""}},
	Does: "Sets the calling vCPU's timer to a system time in nanoseconds, at which VIRQ_TIMER comes; 0 stops it. A time that has passed comes at once; one that is negative, or 13 days off, means in a tenth of a second.",
}

var xenVersion = Call{
	Name: "xen_version", Guests: AnyGuest, Caller: Partly, State: Implemented,
	Args:   []Arg{{Int, "cmd", ""}, {InOut, "arg", ""}},
	Result: "version: major in bits 31:16, minor in 15:0; pagesize: 4096; build_id: its length",
	Does:   "Says who the hypervisor is and what it can do.",
	Fails: []Failure{
		{EINVAL, "get_features: no such submap"},
		{ENODATA, "build_id: there is none"},
	},
	Ops: []Op{
		{Cmd: XENVER_version, Name: "XENVER_version", State: Implemented},
		{Cmd: XENVER_extraversion, Name: "XENVER_extraversion", Type: "xen_extraversion_t", State: Implemented},
		{Cmd: XENVER_compile_info, Name: "XENVER_compile_info", Type: "xen_compile_info", State: Implemented},
		{Cmd: XENVER_capabilities, Name: "XENVER_capabilities", Type: "xen_capabilities_info_t", State: Implemented},
		{Cmd: XENVER_changeset, Name: "XENVER_changeset", Type: "xen_changeset_info_t", State: Implemented},
		{Cmd: XENVER_platform_parameters, Name: "XENVER_platform_parameters", Type: "xen_platform_parameters", State: Implemented},
		{Cmd: XENVER_get_features, Name: "XENVER_get_features", Type: "xen_feature_info", State: Implemented},
		{Cmd: XENVER_pagesize, Name: "XENVER_pagesize", State: Implemented},
		{Cmd: XENVER_guest_handle, Name: "XENVER_guest_handle", Type: "xen_domain_handle_t", State: Implemented},
		{Cmd: XENVER_commandline, Name: "XENVER_commandline", Type: "xen_commandline_t", Caller: Privileged, State: Implemented, Note: "others get a text that says so"},
		{Cmd: XENVER_build_id, Name: "XENVER_build_id", Caller: Privileged, State: Implemented},
	},
}

var consoleIO = Call{
	Name: "console_io", Guests: AnyGuest, Caller: Partly, State: Implemented,
	Args:   []Arg{{Uint, "cmd", ""}, {Uint, "count", ""}, {InOut, "buffer", "char"}},
	Result: "read: how many bytes",
	Does:   "Writes to the hypervisor's console, and reads what was typed there.",
	Fails: []Failure{
		{EPERM, "read: the caller does not own the console"},
	},
	Ops: []Op{
		{Cmd: CONSOLEIO_write, Name: "CONSOLEIO_write", State: Implemented, Note: "others than domain 0: printable characters, a line at a time, and no more than 1 MiB and 16 KiB a second: lines beyond that are left out"},
		{Cmd: CONSOLEIO_read, Name: "CONSOLEIO_read", Caller: Privileged, State: Implemented},
	},
}
