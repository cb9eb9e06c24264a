package hypercall

// SetTrapTable is the argument of set_trap_table.
func (a *Args) SetTrapTable() Handle[TrapInfo] { return Handle[TrapInfo](a[arg0]) }

// SetGDTArgs is the arguments of set_gdt.
type SetGDTArgs struct {
	Frames  Handle[XenPFN]
	Entries uint32
}

// SetGDT is the arguments of set_gdt.
func (a *Args) SetGDT() SetGDTArgs { return SetGDTArgs{Handle[XenPFN](a[arg0]), uint32(a[arg1])} }

// StackSwitchArgs is the arguments of stack_switch.
type StackSwitchArgs struct {
	SS, SP uint64
}

// StackSwitch is the arguments of stack_switch.
func (a *Args) StackSwitch() StackSwitchArgs { return StackSwitchArgs{a[arg0], a[arg1]} }

// SetCallbacksArgs is the arguments of set_callbacks: addresses of the guest's
// code, 0 for none.
type SetCallbacksArgs struct {
	Event, Failsafe, Syscall uint64
}

// SetCallbacks is the arguments of set_callbacks.
func (a *Args) SetCallbacks() SetCallbacksArgs { return SetCallbacksArgs{a[arg0], a[arg1], a[arg2]} }

// FPUTaskswitch is the argument of fpu_taskswitch: whether CR0.TS is to be set.
func (a *Args) FPUTaskswitch() bool { return uint32(a[arg0]) != 0 }

// SetDebugregArgs is the arguments of set_debugreg.
type SetDebugregArgs struct {
	Reg   int32
	Value uint64
}

// SetDebugreg is the arguments of set_debugreg.
func (a *Args) SetDebugreg() SetDebugregArgs { return SetDebugregArgs{int32(a[arg0]), a[arg1]} }

// GetDebugreg is the argument of get_debugreg: the register's number.
func (a *Args) GetDebugreg() int32 { return int32(a[arg0]) }

// UpdateDescriptorArgs is the arguments of update_descriptor.
type UpdateDescriptorArgs struct {
	MA   uint64 // machine address of the descriptor
	Desc uint64
}

// UpdateDescriptor is the arguments of update_descriptor.
func (a *Args) UpdateDescriptor() UpdateDescriptorArgs { return UpdateDescriptorArgs{a[arg0], a[arg1]} }

// SetSegmentBaseArgs is the arguments of set_segment_base.
type SetSegmentBaseArgs struct {
	Which uint32 // SEGBASE_*
	Base  uint64
}

// SetSegmentBase is the arguments of set_segment_base.
func (a *Args) SetSegmentBase() SetSegmentBaseArgs {
	return SetSegmentBaseArgs{uint32(a[arg0]), a[arg1]}
}
