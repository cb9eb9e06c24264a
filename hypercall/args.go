package hypercall

// Args is the registers that a call's arguments are in, among others: RAX to R10, as instructions number
// them. So a hypervisor that keeps registers in that order needs no copy. The
// methods give the arguments their names and widths, as Table has them; a handler
// takes its arguments from there.
type Args [arg3 + 1]uint64

// Where in Args the arguments are.
const (
	arg0 = 7  // RDI
	arg1 = 6  // RSI
	arg2 = 2  // RDX
	arg3 = 10 // R10
	arg4 = 8  // R8
	arg5 = 9  // R9
)

// ArgList is six arguments in their order.
type ArgList [6]uint64

// Set puts the arguments of a list in their registers.
func (a *Args) Set(l *ArgList) {
	a[arg0], a[arg1], a[arg2] = l[0], l[1], l[2]
	a[arg3], a[arg4], a[arg5] = l[3], l[4], l[5]
}

// Command is for the calls that take a command and the address of what it
// works on: sched_op, event_channel_op, physdev_op, callback_op, xen_version,
// nmi_op and tuco_op.
type Command struct {
	Cmd uint32
	Arg Handle[byte] // convert it to the type that belongs to the command
}

func (a *Args) command() Command { return Command{uint32(a[arg0]), Handle[byte](a[arg1])} }

// XenVersion is the arguments of xen_version.
func (a *Args) XenVersion() Command { return a.command() }

// NMIOp is the arguments of nmi_op.
func (a *Args) NMIOp() Command { return a.command() }

// CallbackOp is the arguments of callback_op.
func (a *Args) CallbackOp() Command { return a.command() }

// EventChannelOp is the arguments of event_channel_op.
func (a *Args) EventChannelOp() Command { return a.command() }

// PhysdevOp is the arguments of physdev_op.
func (a *Args) PhysdevOp() Command { return a.command() }

// TucoOp is the arguments of tuco_op.
func (a *Args) TucoOp() Command { return a.command() }

// ControlOpArgs is the arguments of control_op.
type ControlOpArgs struct {
	Version uint32
	Cmd     uint32
	Arg     Handle[byte]
}

// ControlOp is the arguments of control_op.
func (a *Args) ControlOp() ControlOpArgs {
	return ControlOpArgs{uint32(a[arg0]), uint32(a[arg1]), Handle[byte](a[arg2])}
}

// SchedOpArgs is the arguments of sched_op.
type SchedOpArgs struct {
	Command
	StartInfo uint64 // SCHEDOP_shutdown for SHUTDOWN_suspend by a PV guest: machine frame of its StartInfo
}

// SchedOp is the arguments of sched_op.
func (a *Args) SchedOp() SchedOpArgs { return SchedOpArgs{a.command(), a[arg2]} }

// LongCommand is Command for the calls whose command has 64 bits: memory_op
// and hvm_op.
type LongCommand struct {
	Cmd uint64
	Arg Handle[byte]
}

// MemoryOp is the arguments of memory_op.
func (a *Args) MemoryOp() LongCommand { return LongCommand{a[arg0], Handle[byte](a[arg1])} }

// HVMOp is the arguments of hvm_op.
func (a *Args) HVMOp() LongCommand { return LongCommand{a[arg0], Handle[byte](a[arg1])} }

// VCPUOpArgs is the arguments of vcpu_op.
type VCPUOpArgs struct {
	Cmd  uint32
	VCPU uint32
	Arg  Handle[byte]
}

// VCPUOp is the arguments of vcpu_op.
func (a *Args) VCPUOp() VCPUOpArgs {
	return VCPUOpArgs{uint32(a[arg0]), uint32(a[arg1]), Handle[byte](a[arg2])}
}

// GrantTableOpArgs is the arguments of grant_table_op.
type GrantTableOpArgs struct {
	Cmd   uint32
	Ops   Handle[byte] // an array of the command's structure
	Count uint32
}

// GrantTableOp is the arguments of grant_table_op.
func (a *Args) GrantTableOp() GrantTableOpArgs {
	return GrantTableOpArgs{uint32(a[arg0]), Handle[byte](a[arg1]), uint32(a[arg2])}
}

// ConsoleIOArgs is the arguments of console_io.
type ConsoleIOArgs struct {
	Cmd    uint32
	Count  uint32 // bytes
	Buffer Handle[byte]
}

// ConsoleIO is the arguments of console_io.
func (a *Args) ConsoleIO() ConsoleIOArgs {
	return ConsoleIOArgs{uint32(a[arg0]), uint32(a[arg1]), Handle[byte](a[arg2])}
}

// VMAssistArgs is the arguments of vm_assist.
type VMAssistArgs struct {
	Cmd  uint32
	Type uint32
}

// VMAssist is the arguments of vm_assist.
func (a *Args) VMAssist() VMAssistArgs { return VMAssistArgs{uint32(a[arg0]), uint32(a[arg1])} }

// MulticallArgs is the arguments of multicall.
type MulticallArgs struct {
	CallList Handle[MulticallEntry]
	NrCalls  uint32
}

// Multicall is the arguments of multicall.
func (a *Args) Multicall() MulticallArgs {
	return MulticallArgs{Handle[MulticallEntry](a[arg0]), uint32(a[arg1])}
}

// SetTimerOp is the argument of set_timer_op: a system time in nanoseconds, or
// 0.
func (a *Args) SetTimerOp() uint64 { return a[arg0] }

// MCA is the argument of mca.
func (a *Args) MCA() Handle[XenMC] { return Handle[XenMC](a[arg0]) }

// PlatformOp is the argument of platform_op.
func (a *Args) PlatformOp() Handle[XenPlatformOp] { return Handle[XenPlatformOp](a[arg0]) }
