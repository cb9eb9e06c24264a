package hypercall

var eventChannelOp = Call{
	Name: "event_channel_op", Guests: AnyGuest, Caller: Partly, State: Implemented,
	Args: []Arg{{Int, "cmd", ""}, {InOut, "arg", ""}},
	Does: "Makes, joins, uses and closes event channels.",
	Fails: []Failure{
		{EINVAL, "no such port, or one that can't do this; no such virtual or physical interrupt; the peer's port does not wait for the caller"},
		{ENOENT, "no such vCPU"},
		{EEXIST, "the interrupt is bound already"},
		{ENOSPC, "no port is free"},
		{EPERM, "the caller has no rights over the domain or the interrupt"},
		{ESRCH, "there is no such domain"},
	},
	Ops: []Op{
		{Cmd: EVTCHNOP_bind_interdomain, Name: "EVTCHNOP_bind_interdomain", Type: "evtchn_bind_interdomain", State: Implemented},
		{Cmd: EVTCHNOP_bind_virq, Name: "EVTCHNOP_bind_virq", Type: "evtchn_bind_virq", State: Implemented},
		{Cmd: EVTCHNOP_bind_pirq, Name: "EVTCHNOP_bind_pirq", Type: "evtchn_bind_pirq", State: Implemented, Note: "for domains that were given the interrupt"},
		{Cmd: EVTCHNOP_close, Name: "EVTCHNOP_close", Type: "evtchn_close", State: Implemented},
		{Cmd: EVTCHNOP_send, Name: "EVTCHNOP_send", Type: "evtchn_send", State: Implemented},
		{Cmd: EVTCHNOP_status, Name: "EVTCHNOP_status", Type: "evtchn_status", State: Implemented},
		{Cmd: EVTCHNOP_alloc_unbound, Name: "EVTCHNOP_alloc_unbound", Type: "evtchn_alloc_unbound", State: Implemented, Note: "for another domain: privileged"},
		{Cmd: EVTCHNOP_bind_ipi, Name: "EVTCHNOP_bind_ipi", Type: "evtchn_bind_ipi", State: Implemented},
		{Cmd: EVTCHNOP_bind_vcpu, Name: "EVTCHNOP_bind_vcpu", Type: "evtchn_bind_vcpu", State: Implemented},
		{Cmd: EVTCHNOP_unmask, Name: "EVTCHNOP_unmask", Type: "evtchn_unmask", State: Implemented},
		{Cmd: EVTCHNOP_reset, Name: "EVTCHNOP_reset", Type: "evtchn_reset", State: Implemented, Note: "for another domain: privileged"},
		{Cmd: EVTCHNOP_init_control, Name: "EVTCHNOP_init_control", State: Absent, Note: "two-level channels only, to which guests fall back"},
		{Cmd: EVTCHNOP_expand_array, Name: "EVTCHNOP_expand_array", State: Absent, Note: "as EVTCHNOP_init_control"},
		{Cmd: EVTCHNOP_set_priority, Name: "EVTCHNOP_set_priority", State: Absent, Note: "as EVTCHNOP_init_control"},
	},
}

var grantTableOp = Call{
	Name: "grant_table_op", Guests: AnyGuest, Caller: Partly, State: Implemented,
	Args: []Arg{{Uint, "cmd", ""}, {InOut, "ops", ""}, {Uint, "count", ""}},
	Does: "Works through an array. What befalls an element is in its status, a GNTST_* value, and the rest goes on.",
	Fails: []Failure{
		{EINVAL, "a count that the command can't have; set_version: no such version"},
		{ESRCH, "get_version: there is no such domain"},
		{EPERM, "get_version: the caller has no rights over the domain"},
	},
	Ops: []Op{
		{Cmd: GNTTABOP_map_grant_ref, Name: "GNTTABOP_map_grant_ref", Type: "gnttab_map_grant_ref", State: Implemented},
		{Cmd: GNTTABOP_unmap_grant_ref, Name: "GNTTABOP_unmap_grant_ref", Type: "gnttab_unmap_grant_ref", State: Implemented},
		{Cmd: GNTTABOP_setup_table, Name: "GNTTABOP_setup_table", Type: "gnttab_setup_table", State: Implemented},
		{Cmd: GNTTABOP_dump_table, Name: "GNTTABOP_dump_table", State: Absent, Note: "it only prints"},
		{Cmd: GNTTABOP_transfer, Name: "GNTTABOP_transfer", State: Absent, Note: "frames are copied or mapped"},
		{Cmd: GNTTABOP_copy, Name: "GNTTABOP_copy", Type: "gnttab_copy", State: Implemented},
		{Cmd: GNTTABOP_query_size, Name: "GNTTABOP_query_size", Type: "gnttab_query_size", State: Implemented},
		{Cmd: GNTTABOP_unmap_and_replace, Name: "GNTTABOP_unmap_and_replace", Type: "gnttab_unmap_and_replace", State: Implemented},
		{Cmd: GNTTABOP_set_version, Name: "GNTTABOP_set_version", Type: "gnttab_set_version", State: Implemented, Note: "1 only: 2 gives ENOSYS"},
		{Cmd: GNTTABOP_get_status_frames, Name: "GNTTABOP_get_status_frames", State: Absent, Note: "for version 2"},
		{Cmd: GNTTABOP_get_version, Name: "GNTTABOP_get_version", Type: "gnttab_get_version", State: Implemented},
		{Cmd: GNTTABOP_swap_grant_ref, Name: "GNTTABOP_swap_grant_ref", Type: "gnttab_swap_grant_ref", State: Implemented},
		{Cmd: GNTTABOP_cache_flush, Name: "GNTTABOP_cache_flush", State: Absent, Note: "for machines whose devices see no caches"},
	},
}
