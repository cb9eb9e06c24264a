package hypercall

var setTrapTable = Call{
	Name: "set_trap_table", Guests: PV, State: Implemented,
	Args: []Arg{{In, "traps", "trap_info"}},
	Does: "Sets entries of the calling vCPU's interrupt descriptor table, up to the one with address 0; with a null pointer clears the table. Selectors get privilege level 3.",
	Fails: []Failure{
		{EINVAL, "a handler's address is not canonical"},
	},
}

var setGDT = Call{
	Name: "set_gdt", Guests: PV, State: Implemented,
	Args: []Arg{{In, "frames", "xen_pfn_t"}, {Uint, "entries", ""}},
	Does: "Sets the calling vCPU's descriptor table, whose frames then can't be written. The reserved entries stay.",
	Fails: []Failure{
		{EINVAL, "more entries than there are below the reserved ones, or a frame that is not the domain's or can't become a segment table"},
	},
}

var stackSwitch = Call{
	Name: "stack_switch", Guests: PV, State: Implemented,
	Args: []Arg{{Ulong, "ss", ""}, {Ulong, "esp", ""}},
	Does: "Sets the stack on which the calling vCPU enters its kernel from user mode. The selector gets privilege level 3.",
}

var setCallbacks = Call{
	Name: "set_callbacks", Guests: PV, State: Implemented,
	Args: []Arg{{Ulong, "event_address", ""}, {Ulong, "failsafe_address", ""}, {Ulong, "syscall_address", ""}},
	Does: "Sets the callbacks for events, for a state that can't be restored, and for SYSCALL from user mode. callback_op replaces it.",
	Fails: []Failure{
		{EINVAL, "an address is not canonical"},
	},
}

var callbackOp = Call{
	Name: "callback_op", Guests: PV, State: Implemented,
	Args: []Arg{{Int, "cmd", ""}, {In, "arg", ""}},
	Does: "Sets a callback and whether it starts with events masked.",
	Fails: []Failure{
		{EINVAL, "the type is not known or can't be unregistered, or the address is not canonical"},
	},
	Ops: []Op{
		{Cmd: CALLBACKOP_register, Name: "CALLBACKOP_register", Type: "callback_register", State: Implemented},
		{Cmd: CALLBACKOP_unregister, Name: "CALLBACKOP_unregister", Type: "callback_unregister", State: Implemented},
	},
}

var iret = Call{
	Name: "iret", Guests: PV, State: Implemented,
	Result: "does not return: it leaves RAX as the frame has it",
	Does:   "Returns from a trap to kernel or user mode, by the iret_context at the stack pointer. A frame that can't be read, or a state that can't be, kills the domain.",
}

var fpuTaskswitch = Call{
	Name: "fpu_taskswitch", Guests: PV, State: Implemented,
	Args: []Arg{{Int, "set", ""}},
	Does: "Sets or clears CR0.TS, so that the next use of the FPU faults or does not.",
}

var setDebugreg = Call{
	Name: "set_debugreg", Guests: PV, State: Implemented,
	Args: []Arg{{Int, "reg", ""}, {Ulong, "value", ""}},
	Does: "Sets a debug register.",
	Fails: []Failure{
		{ENODEV, "there is no such register, as DR4 and DR5 with CR4.DE set"},
		{EINVAL, "the value sets bits of the upper half of DR6 or DR7"},
		{EPERM, "the value would watch the hypervisor, or ports with CR4.DE clear, or have accesses to the registers trap"},
	},
}

var getDebugreg = Call{
	Name: "get_debugreg", Guests: PV, State: Implemented,
	Args:   []Arg{{Int, "reg", ""}},
	Result: "the register; a value may look like an error",
	Does:   "Reads a debug register.",
	Fails: []Failure{
		{ENODEV, "there is no such register, as DR4 and DR5 with CR4.DE set"},
	},
}

var updateDescriptor = Call{
	Name: "update_descriptor", Guests: PV, State: Implemented,
	Args: []Arg{{Ulong, "ma", ""}, {Ulong, "desc", ""}},
	Does: "Writes a descriptor to a frame that is a segment table or writable.",
	Fails: []Failure{
		{EINVAL, "ma is not a multiple of 8, the frame is not the domain's or a page table, or the descriptor is one that guests may not have"},
	},
}

var setSegmentBase = Call{
	Name: "set_segment_base", Guests: PV, State: Implemented,
	Args: []Arg{{Uint, "which", ""}, {Ulong, "base", ""}},
	Does: "Sets the base of FS, or of GS for user or kernel mode, or the selector of GS for user mode.",
	Fails: []Failure{
		{EINVAL, "the base is not canonical, or which is none of SEGBASE_*"},
	},
}

var vmAssist = Call{
	Name: "vm_assist", Guests: AnyGuest, State: Implemented,
	Args: []Arg{{Uint, "cmd", ""}, {Uint, "type", ""}},
	Does: "Turns a variation of the ABI on or off: VMASST_TYPE_*. PVH domains have runstate_update_flag alone.",
	Fails: []Failure{
		{EINVAL, "there is no such type for this guest"},
	},
	Ops: []Op{
		{Cmd: VMASST_CMD_enable, Name: "VMASST_CMD_enable", State: Implemented},
		{Cmd: VMASST_CMD_disable, Name: "VMASST_CMD_disable", State: Implemented},
	},
}

var nmiOp = Call{
	Name: "nmi_op", Guests: PV, State: Implemented,
	Args: []Arg{{Uint, "cmd", ""}, {In, "arg", ""}},
	Does: "Sets the calling vCPU's handler of NMIs, which is entry 2 of its trap table.",
	Fails: []Failure{
		{EINVAL, "the address is not canonical"},
	},
	Ops: []Op{
		{Cmd: XENNMI_register_callback, Name: "XENNMI_register_callback", Type: "xennmi_callback", State: Implemented},
		{Cmd: XENNMI_unregister_callback, Name: "XENNMI_unregister_callback", State: Implemented},
	},
}

var multicall = Call{
	Name: "multicall", Guests: AnyGuest, State: Implemented,
	Args:   []Arg{{InOut, "call_list", "multicall_entry"}, {Uint, "nr_calls", ""}},
	Result: "0: each call's own result is in its entry",
	Does:   "Makes several calls in one. iret ends the list, and its result is the multicall's; so does a shutdown.",
	Fails: []Failure{
		{EFAULT, "the list can't be read or written; calls before the place are done"},
		{EINVAL, "a multicall in a multicall: in its entry"},
	},
}
